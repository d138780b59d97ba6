"""What was lodged never changes, no row is ever deleted, and a final state stays: held by the database itself."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION consents_keep_what_was_lodged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'rows of % are never deleted', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.ended_at IS NOT NULL THEN
        RAISE EXCEPTION 'consent % is over and stays as it is', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    IF (OLD.id, OLD.kind, OLD.third_party_id, OLD.client_id, OLD.permissions, OLD.transactions_from,
        OLD.transactions_to, OLD.face, OLD.face_version, OLD.lodged, OLD.created_at)
       IS DISTINCT FROM
       (NEW.id, NEW.kind, NEW.third_party_id, NEW.client_id, NEW.permissions, NEW.transactions_from,
        NEW.transactions_to, NEW.face, NEW.face_version, NEW.lodged, NEW.created_at)
       OR (OLD.kind = 'account_access' AND OLD.expires_at IS DISTINCT FROM NEW.expires_at)
       OR (OLD.customer_id IS NOT NULL AND OLD.customer_id IS DISTINCT FROM NEW.customer_id) THEN
        RAISE EXCEPTION 'what consent % was lodged with never changes', OLD.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION consents_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % never change', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER consent_keeps_what_was_lodged BEFORE UPDATE OR DELETE ON consents_consent
    FOR EACH ROW EXECUTE FUNCTION consents_keep_what_was_lodged();
CREATE TRIGGER payment_terms_never_change BEFORE UPDATE OR DELETE ON consents_paymentterms
    FOR EACH ROW EXECUTE FUNCTION consents_never_change();
CREATE TRIGGER consent_accounts_never_change BEFORE UPDATE OR DELETE ON consents_consentaccount
    FOR EACH ROW EXECUTE FUNCTION consents_never_change();
"""

BACKWARD = """
DROP TRIGGER consent_accounts_never_change ON consents_consentaccount;
DROP TRIGGER payment_terms_never_change ON consents_paymentterms;
DROP TRIGGER consent_keeps_what_was_lodged ON consents_consent;
DROP FUNCTION consents_never_change();
DROP FUNCTION consents_keep_what_was_lodged();
"""


class Migration(migrations.Migration):
    """Triggers, not privileges: they bind the owner's role too."""

    dependencies = [("consents", "0001_initial")]
    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
