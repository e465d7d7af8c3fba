"""What a model folder is: its layout, its files, its fingerprint, its calibration; and where one is looked for."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from dashboard.domain import ZhenluError
from dashboard.settings import KNOWLEDGE, Settings

COMPACT = {"encoder": KNOWLEDGE / "models" / "compact-encoder", "reranker": KNOWLEDGE / "models" / "compact-reranker"}
# repo ids on both hubs
PUBLISHED = {"bge-m3": "BAAI/bge-m3", "bge-reranker-v2-m3": "BAAI/bge-reranker-v2-m3"}
WEIGHTS = ("model.safetensors", "pytorch_model.bin", "model.safetensors.index.json", "pytorch_model.bin.index.json")


@dataclass(frozen=True)
class Layout:
    """A kind of model folder. Each group of ``needs`` wants one of its files."""

    name: str
    role: str
    needs: tuple[tuple[str, ...], ...]


# Tried in this order: the most particular first.
LAYOUTS = (
    Layout(
        "m3",
        "encoder",
        (("config.json",), ("tokenizer.json",), ("sparse_linear.pt",), ("colbert_linear.pt",), WEIGHTS),
    ),
    Layout("sentence-transformers", "encoder", (("modules.json",),)),
    Layout("cross-encoder", "reranker", (("config.json",), ("tokenizer.json",), WEIGHTS)),
)


@dataclass(frozen=True)
class Calibration:
    """What the numbers of one model mean. Stored beside it as zhenlu.json.

    ``similarity``: thresholds on the cosine for very_similar and related.
    ``fusion``: weights of the channels. ``blend``: the rerank stage's score is the logistic of
    rerank x logit + fused x first-stage score + bias; a published reranker stands alone.
    ``cant_miss``: urgent entries are shown when they hold at least ``weight`` of the first candidates' weight, which is
    exp(first-stage score / ``temperature``), or one of the first is strong; each from ``score`` and from ``share`` of the
    best score on.
    ``enough``: how far the present findings have to narrow the base down (1: to one entry); below, a short text is not
    enough, and a long one that no entry fits is about something else.
    ``evidence``: from this similarity on a symptom counts as matched. ``bands``: the lowest score of strong, possible and weak, by stage.
    """

    name: str
    max_length: int = 512
    similarity: dict[str, float] = field(default_factory=lambda: {"very_similar": 0.85, "related": 0.60})
    fusion: dict[str, float] = field(
        default_factory=lambda: {"dense": 0.25, "sparse": 0.1, "multi_vector": 0.25, "findings": 0.4}
    )
    blend: dict[str, float] = field(default_factory=lambda: {"rerank": 1.0, "fused": 0.0, "bias": 0.0})
    bands: dict[str, list[float]] = field(
        default_factory=lambda: {"fused": [0.65, 0.55, 0.45], "rerank": [0.8, 0.4, 0.05]}
    )
    evidence: float = 0.6
    cant_miss: dict[str, float] = field(
        default_factory=lambda: {"temperature": 0.02, "weight": 0.0, "score": 0.5, "share": 0.85}
    )
    enough: float = 0.0
    bands_kb: str = ""  # the base the bands were calibrated on; "" means not calibrated
    use_reranker: bool = True


@dataclass(frozen=True)
class Checkpoint:
    folder: Path
    layout: Layout
    fingerprint: str
    config: dict[str, Any]
    calibration: Calibration


def open_checkpoint(folder: Path, role: str) -> Checkpoint:
    """The model in a folder.

    Raises ZhenluError: model_missing, model_layout (which files the nearest layout lacks), model_file (unreadable).
    """
    if not folder.is_dir():
        raise ZhenluError("model_missing", name=str(folder))
    layouts = [layout for layout in LAYOUTS if layout.role == role]
    lacking = {layout.name: _lacking(folder, layout) for layout in layouts}
    layout = next((layout for layout in layouts if not lacking[layout.name]), None)
    if layout is None:
        name = min(lacking, key=lambda n: len(lacking[n]))
        raise ZhenluError("model_layout", folder=str(folder), layout=name, files=", ".join(lacking[name]))
    config = _json(folder / "config.json") if (folder / "config.json").exists() else {}
    calibration = _calibration(folder)
    return Checkpoint(folder, layout, fingerprint(folder, calibration.max_length), config, calibration)


def _lacking(folder: Path, layout: Layout) -> list[str]:
    return [" / ".join(group[:2]) for group in layout.needs if not any((folder / name).exists() for name in group)]


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ZhenluError("model_file", file=str(path), reason=str(error)) from error
    if not isinstance(value, dict):
        raise ZhenluError("model_file", file=str(path), reason="not an object")
    return value


def _calibration(folder: Path) -> Calibration:
    path = folder / "zhenlu.json"
    if not path.exists():
        return Calibration(name=published_name(folder))
    try:
        saved = _json(path)
        # A file of an older edition lacks what was named later: the defaults take its place.
        for name, default in asdict(Calibration(name="")).items():
            if isinstance(default, dict) and isinstance(saved.get(name), dict):
                saved[name] = default | saved[name]
        return Calibration(**saved)
    except TypeError as error:
        raise ZhenluError("model_file", file=str(path), reason=str(error)) from error


def published_name(folder: Path) -> str:
    """The repo id for a folder of a hub's cache, else the folder's own name."""
    for part in folder.parts:
        if part.startswith("models--"):
            return part.removeprefix("models--").replace("--", "/")
    return next((repo for name, repo in PUBLISHED.items() if folder.name in (name, repo)), folder.name)


@lru_cache(maxsize=16)
def _digest(path: Path, size: int, modified: int) -> str:
    """SHA-256 of a file; size and time of change keep the cache honest."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fingerprint(folder: Path, max_length: int) -> str:
    """16 hex digits over every file that decides a vector, and the length at which texts are cut."""
    total = hashlib.sha256(str(max_length).encode())
    for path in sorted(p for p in folder.rglob("*") if p.suffix in {".json", ".safetensors", ".bin", ".pt", ".model"}):
        if path.name in {"zhenlu.json", "tokenizer_config.json"}:
            continue
        stat = path.stat()
        total.update(path.relative_to(folder).as_posix().encode())
        total.update(_digest(path, stat.st_size, stat.st_mtime_ns).encode())
    return total.hexdigest()[:16]


def candidates(name: str, settings: Settings) -> list[Path]:
    """Every folder in which a published model is looked for, in order."""
    repo = PUBLISHED[name]
    home = Path.home()
    found = [settings.models / part for part in (name, repo)] if settings.models else []
    found.append(settings.data / "models" / name)
    hub = Path(os.environ.get("HF_HUB_CACHE") or Path(os.environ.get("HF_HOME", home / ".cache/huggingface")) / "hub")
    snapshots = hub / ("models--" + repo.replace("/", "--")) / "snapshots"
    if snapshots.is_dir():
        found += sorted(snapshots.iterdir(), key=lambda p: p.stat().st_mtime, reverse=True)
    scope = Path(os.environ.get("MODELSCOPE_CACHE", home / ".cache/modelscope"))
    found += [scope / middle / repo for middle in ("hub/models", "hub", "models", "")]
    return found


def locate(name: str, settings: Settings, role: str) -> Path | None:
    """The first folder that holds the whole of a published model."""
    layout = "m3" if role == "encoder" else "cross-encoder"
    wanted = next(item for item in LAYOUTS if item.name == layout)
    return next((p for p in candidates(name, settings) if p.is_dir() and not _lacking(p, wanted)), None)


def resolve(spec: str, settings: Settings, role: str) -> Path:
    """The folder a setting names. auto: the published model when its files are here, else the compact one.

    Raises ZhenluError model_missing.
    """
    published = "bge-m3" if role == "encoder" else "bge-reranker-v2-m3"
    if spec == "auto":
        return locate(published, settings, role) or COMPACT[role]
    if spec == "compact":
        return COMPACT[role]
    if spec in PUBLISHED or spec in PUBLISHED.values():
        name = spec.rsplit("/", maxsplit=1)[-1]
        folder = locate(name, settings, role)
        if folder is None:
            raise ZhenluError("model_not_here", name=name)
        return folder
    return Path(spec).expanduser()
