"""What a model folder is: its layout, its files, its fingerprint, its calibration; and where one is looked for."""

import hashlib
import json
import logging
import os
import pickle
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors import SafetensorError

from dashboard.domain import ZhenluError
from dashboard.settings import KNOWLEDGE, Settings

COMPACT = {"encoder": KNOWLEDGE / "models" / "compact-encoder", "reranker": KNOWLEDGE / "models" / "compact-reranker"}
# repo ids on both hubs
PUBLISHED = {"bge-m3": "BAAI/bge-m3", "bge-reranker-v2-m3": "BAAI/bge-reranker-v2-m3"}
AUTO = {"encoder": "bge-m3", "reranker": "bge-reranker-v2-m3"}
WEIGHTS = ("model.safetensors", "pytorch_model.bin", "model.safetensors.index.json", "pytorch_model.bin.index.json")
TOKENIZERS = ("tokenizer.json", "vocab.txt", "sentencepiece.bpe.model", "spiece.model", "tokenizer.model", "vocab.json")
SHORTEST = 16  # tokens; a text cut shorter than this is no text


def refusal(file: Path | str, why: str, **params: object) -> ZhenluError:
    """A file of a model is refused; ``why`` is a key of `dashboard.text.REASONS`, and ``params`` fill its words."""
    return ZhenluError("model_file", file=str(file), why=why, **params)


@contextmanager
def opening(file: Path, otherwise: str = "content") -> Iterator[None]:
    """Whatever a library raises over a file becomes a refusal of it; the library's own words go to the log.

    Libraries raise many kinds, some plain Exception. ``otherwise``: the reason where the kind tells nothing.
    """
    try:
        yield
    except ZhenluError:
        raise
    except Exception as error:
        logging.getLogger("zhenlu").warning("%s: %s: %s", file, type(error).__name__, error)
        if isinstance(error, OSError) and error.errno:
            raise refusal(error.filename or file, "unreadable") from error
        reason = next((reason for kinds, reason in KINDS if isinstance(error, kinds)), otherwise)
        raise refusal(file, reason) from error


KINDS = (
    (pickle.UnpicklingError, "tensors"),
    ((EOFError, SafetensorError), "damaged"),
    ((json.JSONDecodeError, UnicodeDecodeError, RecursionError), "json"),
)


@dataclass(frozen=True)
class Layout:
    """A kind of model folder. Each group of ``needs`` wants one of its files; a folder with one of ``marks`` is of
    this kind and of no other."""

    name: str
    role: str
    needs: tuple[tuple[str, ...], ...]
    marks: tuple[str, ...] = ()


# The most particular first.
LAYOUTS = (
    Layout(
        "m3",
        "encoder",
        (
            ("config.json",),
            ("tokenizer.json",),
            ("sparse_linear.pt",),
            ("colbert_linear.pt",),
            ("1_Pooling/config.json",),
            WEIGHTS,
        ),
        marks=("sparse_linear.pt", "colbert_linear.pt"),
    ),
    Layout("sentence-transformers", "encoder", (("modules.json",),)),
    Layout("cross-encoder", "reranker", (("config.json",), ("tokenizer.json",), WEIGHTS)),
)
# What each module that modules.json names needs in its own folder, by the last part of its type.
MODULES = {"Transformer": (("config.json",), TOKENIZERS, WEIGHTS), "Pooling": (("config.json",),)}


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
    with opening(folder):
        if not folder.is_dir():
            raise ZhenluError("model_missing", name=str(folder))
        layouts = [layout for layout in LAYOUTS if layout.role == role]
        marked = [
            layout for layout in layouts if any(map(os.path.lexists, (folder / name for name in layout.marks)))
        ] or layouts
        lacking = {layout: _lacking(folder, layout) for layout in marked}
        # the one of which the largest share is here
        layout = min(marked, key=lambda one: len(lacking[one]) / len(_needs(folder, one)))
        if lacking[layout]:
            raise _incomplete(folder, layout)
        config = read_json(folder / "config.json") if (folder / "config.json").exists() else {}
        calibration = _calibration(folder)
        return Checkpoint(folder, layout, fingerprint(folder, calibration.max_length), config, calibration)


def _needs(folder: Path, layout: Layout) -> Sequence[tuple[str, ...]]:
    needs = list(layout.needs)
    if layout.name == "sentence-transformers" and (folder / "modules.json").is_file():
        for kind, path in modules(folder):
            needs += [tuple((path / name).as_posix() for name in group) for group in MODULES.get(kind, ())]
    return needs


def modules(folder: Path) -> list[tuple[str, Path]]:
    """(last part of the type, folder below) of each module of a sentence-transformers model."""
    path = folder / "modules.json"
    with opening(path):
        found = [(str(m["type"]).rsplit(".", 1)[-1], Path(m["path"])) for m in read_json(path, list)]
    if not found:
        raise refusal(path, "content")
    return found


def _lacking(folder: Path, layout: Layout) -> list[str]:
    needs = _needs(folder, layout)
    return [" / ".join(group[:2]) for group in needs if not any((folder / name).is_file() for name in group)]


def weights_file(folder: Path) -> Path:
    return next((folder / name for name in WEIGHTS if (folder / name).is_file()), folder)


def _incomplete(folder: Path, layout: Layout) -> ZhenluError:
    files = ", ".join(_lacking(folder, layout))
    return ZhenluError("model_layout", folder=str(folder), layout=layout.name, files=files)


def read_json(path: Path, kind: type = dict) -> Any:
    """Raises ZhenluError model_file."""
    with opening(path):
        value = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(value, kind):
            raise refusal(path, "content")
        return value


def _calibration(folder: Path) -> Calibration:
    path = folder / "zhenlu.json"
    if not os.path.lexists(path):
        return Calibration(name=published_name(folder))
    saved = read_json(path)
    defaults = asdict(Calibration(name="")) | {"name": None}
    # A file of an older edition lacks what was named later: the defaults take its place.
    for name, default in defaults.items():
        if isinstance(default, dict) and isinstance(saved.get(name), dict):
            saved[name] = default | saved[name]
    if key := _unusable({"name": None} | saved, defaults):
        raise refusal(path, "value", key=key)
    return Calibration(**saved)


def _unusable(saved: dict[str, Any], defaults: dict[str, Any]) -> str:
    """The first key whose value is not of its default's kind or not within its bounds, or that has no default."""
    for key, value in saved.items():
        default = defaults.get(key, ...)
        match default:
            case dict():
                inner = _unusable(value, default) if isinstance(value, dict) else ""
                if inner or not isinstance(value, dict):
                    return f"{key}.{inner}" if inner else key
                continue
            case list():
                good = isinstance(value, list) and len(value) == len(default) and all(map(_number, value))
                good = good and value == sorted(value, reverse=True)
            case bool():
                good = isinstance(value, bool)
            case int():
                good = type(value) is int and value >= SHORTEST
            case float():
                good = _number(value) and (key != "temperature" or value > 0)
            case None | str():
                good = isinstance(value, str)
            case _:
                good = False
        if not good:
            return key
    return ""


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e9  # nor NaN


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
        if not path.is_file() or path.name in {"zhenlu.json", "tokenizer_config.json"}:
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
    layout = _published_layout(role)
    return next((p for p in candidates(name, settings) if p.is_dir() and not _lacking(p, layout)), None)


def _published_layout(role: str) -> Layout:
    return next(layout for layout in LAYOUTS if layout.name in ("m3", "cross-encoder") and layout.role == role)


def passed_over(settings: Settings, role: str) -> ZhenluError | None:
    """What the published model's folder lacks where ``auto`` means the compact model for that reason alone."""
    if resolve("auto", settings, role) != COMPACT[role]:
        return None
    layout = _published_layout(role)
    with opening(Path("auto")):
        begun = (p for p in candidates(AUTO[role], settings) if len(_lacking(p, layout)) < len(layout.needs))
        return next((_incomplete(folder, layout) for folder in begun), None)


def resolve(spec: str, settings: Settings, role: str) -> Path:
    """The folder a setting names. auto: the published model when its files are here, else the compact one.

    Raises ZhenluError model_not_here, or model_file for a folder that cannot be looked into.
    """
    with opening(Path(spec)):
        if spec == "auto":
            return locate(AUTO[role], settings, role) or COMPACT[role]
        if spec == "compact":
            return COMPACT[role]
        if spec in PUBLISHED or spec in PUBLISHED.values():
            name = spec.rsplit("/", maxsplit=1)[-1]
            folder = locate(name, settings, role)
            if folder is None:
                raise ZhenluError("model_not_here", name=name)
            return folder
        return Path(spec).expanduser()
