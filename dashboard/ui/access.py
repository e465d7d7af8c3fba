"""Who may load, switch and delete: whoever knows the password; without one, whoever sits at this machine."""

import hmac
import ipaddress
import time

import streamlit as st

from dashboard import services
from dashboard.ui.state import session
from dashboard.ui.text import t


def allowed() -> bool:
    password = services.get().settings.admin_password.get_secret_value()
    return session().admin if password else at_this_machine()


def at_this_machine() -> bool:
    """A loopback connection that no proxy has forwarded."""
    forwarded = any(name in st.context.headers for name in ("X-Forwarded-For", "Forwarded", "X-Real-Ip"))
    address = st.context.ip_address
    try:
        return not forwarded and (address is None or ipaddress.ip_address(address).is_loopback)
    except ValueError:
        return False


def gate() -> bool:
    """Whether the visitor may change things; draws the way in when not."""
    if allowed():
        return True
    password = services.get().settings.admin_password.get_secret_value()
    if not password:
        st.info(t("admin_local_only"), icon=":material/lock:")
        return False
    with st.form("admin", border=False):
        given = st.text_input(t("admin_password"), type="password", autocomplete="current-password")
        if st.form_submit_button(t("admin_enter")):
            if hmac.compare_digest(given.encode(), password.encode()):
                session().admin = True
                st.rerun()
            time.sleep(1)  # a guess costs a second
            st.error(t("admin_wrong"))
    return False
