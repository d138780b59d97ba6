"""The two roles, and databases that they share: one owns the tables, the other only works with the rows."""

import psycopg
from psycopg import sql

OWNER = "millrace_owner"
"""Runs migrations: owns databases, schema and tables, and is no superuser."""
APP = "millrace_app"
"""Runs the platform: owns nothing, so what is revoked from it stays revoked."""


def ensure_roles(admin_url: str, *, owner_password: str, app_password: str) -> None:
    """Create both roles where they are missing, and set their passwords and limits."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        for role, password in ((OWNER, owner_password), (APP, app_password)):
            if not connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone():
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(role)))
            connection.execute(_LIMITS.format(role=sql.Identifier(role), password=sql.Literal(password)))


def ensure_database(admin_url: str, name: str, *, owner: str = OWNER, app: str = APP) -> None:
    """Create a database that one role owns and the other may use, where it is missing; both roles must exist."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(_CREATE.format(database=sql.Identifier(name), owner=sql.Identifier(owner)))
        connection.execute(_CONNECT.format(database=sql.Identifier(name), app=sql.Identifier(app)))
    with psycopg.connect(admin_url, dbname=name) as connection:
        connection.execute(_GRANTS.format(owner=sql.Identifier(owner), app=sql.Identifier(app)))


def drop_database(admin_url: str, name: str) -> None:
    """Drop a database if it exists, whoever is still connected to it."""
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


_LIMITS = sql.SQL(
    "ALTER ROLE {role} LOGIN PASSWORD {password} NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
)

_CREATE = sql.SQL("CREATE DATABASE {database} OWNER {owner} TEMPLATE template0 ENCODING 'UTF8'")

_CONNECT = sql.SQL("REVOKE ALL ON DATABASE {database} FROM PUBLIC; GRANT CONNECT ON DATABASE {database} TO {app}")

_GRANTS = sql.SQL("""
    ALTER SCHEMA public OWNER TO {owner};
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO {app};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
        GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app};
    ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
        GRANT USAGE, SELECT ON SEQUENCES TO {app};
""")
