"""streamlit run app.py: warms the models and the built-in base beside the first visitor, then serves the pages."""

import logging
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import streamlit as st
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from dashboard import services
from dashboard.domain import ZhenluError


def warm() -> None:
    """Open what the first search needs; a page shows whatever is wrong, so a failure here is only noted."""
    try:
        found = services.get()
        _ = found.encoder  # a model reads a first text when it is opened
        if found.needs_builtin():
            found.start_builtin()
        _ = found.reranker
    except ZhenluError as error:
        logging.getLogger("zhenlu").error("%s", error)


@asynccontextmanager
async def lifespan(app: st.App) -> AsyncIterator[None]:
    threading.Thread(target=warm, name="warm", daemon=True).start()
    yield


async def health(request: Request) -> JSONResponse:
    """Alive, and whether the built-in base can be searched. Says nothing of what anyone asked."""
    ready = services.get().store.active(services.BUILTIN) is not None
    return JSONResponse({"status": "ok" if ready else "loading"}, status_code=200 if ready else 503)


app = st.App("dashboard/router.py", lifespan=lifespan, routes=[Route("/api/health", health)])
