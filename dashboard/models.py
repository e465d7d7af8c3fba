"""Which neural models are on this machine, and how to fetch the published ones where there is a network."""

from pathlib import Path
from typing import Any

from dashboard.checkpoint import COMPACT, PUBLISHED, locate, resolve
from dashboard.domain import ZhenluError
from dashboard.settings import Settings

ROLES = {"bge-m3": "encoder", "bge-reranker-v2-m3": "reranker"}


def listing(settings: Settings) -> list[dict[str, Any]]:
    """Every model the product knows, whether its files are here, and which are in use."""
    listed: list[dict[str, Any]] = []
    for role in ("encoder", "reranker"):
        spec = settings.encoder if role == "encoder" else settings.reranker
        remote = role == "encoder" and settings.remote
        used = None if remote or spec == "none" else _quiet_resolve(spec, settings, role)
        known = {"compact": COMPACT[role]} | {n: locate(n, settings, role) for n, r in ROLES.items() if r == role}
        if remote:
            listed.append({"role": role, "name": settings.remote_model or spec, "folder": spec, "in_use": True})
        elif used is not None and used not in known.values():
            listed.append({"role": role, "name": used.name, "folder": str(used), "in_use": True})
        for name, folder in known.items():
            here = str(folder) if folder else None
            listed.append({"role": role, "name": name, "folder": here, "in_use": folder is not None and folder == used})
    return listed


def _quiet_resolve(spec: str, settings: Settings, role: str) -> Path | None:
    try:
        return resolve(spec, settings, role)
    except ZhenluError:
        return None


def paths(settings: Settings, name: str | None) -> dict[str, str]:
    """Folders of the models in use, or of one by name. Raises ZhenluError model_not_here."""
    if name is None:
        return {i["role"]: i["folder"] for i in listing(settings) if i["in_use"]}
    return {name: str(resolve(name, settings, ROLES[name]))}


def pull(settings: Settings, source: str, name: str | None) -> dict[str, str]:
    """Fetch the published models (or one) into DATA/models; the only place that uses the network.

    Raises ZhenluError pull_failed.
    """
    folders = {}
    for wanted in [name] if name else list(PUBLISHED):
        folder = settings.data / "models" / wanted
        try:
            if source == "huggingface":
                from huggingface_hub import snapshot_download

                snapshot_download(PUBLISHED[wanted], local_dir=folder, ignore_patterns=["onnx/*", "imgs/*"])
            else:
                try:
                    from modelscope import snapshot_download as fetch
                except ImportError as error:
                    raise ZhenluError("pull_failed", name=wanted, reason="pip install modelscope") from error
                fetch(PUBLISHED[wanted], local_dir=str(folder), ignore_patterns=["onnx/*", "imgs/*"])
        except (OSError, ValueError, RuntimeError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise ZhenluError("pull_failed", name=wanted, reason=reason) from error
        folders[wanted] = str(folder)
    return folders
