"""The staff admin's base: read-only, deny by default, every act with a reason through a service."""

from edge.staff.actions import ReasonedAction, TimelineEntry
from edge.staff.lists import KeysetChangeList
from edge.staff.roles import AUDITOR, COMPLIANCE, EVERYONE, OPERATOR, SUPPORT, staff_roles
from edge.staff.rows import StaffModelAdmin
from edge.staff.site import StaffAdminSite

__all__ = [
    "AUDITOR",
    "COMPLIANCE",
    "EVERYONE",
    "OPERATOR",
    "SUPPORT",
    "KeysetChangeList",
    "ReasonedAction",
    "StaffAdminSite",
    "StaffModelAdmin",
    "TimelineEntry",
    "staff_roles",
]
