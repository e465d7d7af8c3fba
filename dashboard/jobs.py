"""Loads that run on their own: a child process each, its state in a small file, so that a page can be left,
reloaded or closed. The child is `python -m dashboard load ... --status FILE`.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from filelock import FileLock, Timeout

from dashboard.store import replace_json

State = Literal["running", "done", "failed", "cancelled"]
KEEP_SECONDS = 7 * 24 * 3600
BEGIN_SECONDS = 120


@dataclass(frozen=True)
class Job:
    """Where a load stands. ``report`` is a LoadReport as a dict, ``error`` {"code", "params"}."""

    id: str
    kb: str
    file: str
    pid: int = 0
    started: float = 0.0  # seconds since 1970, as is ended
    ended: float = 0.0
    state: State = "running"
    stage: str = "start"
    done: int = 0
    total: int = 0
    report: dict[str, Any] | None = None
    error: dict[str, Any] | None = None
    upload: str = ""  # a folder to delete at the end


class Jobs:
    def __init__(self, root: Path):
        self.root = root / "jobs"
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self,
        kb: str,
        file: Path,
        mapping: Mapping[str, str],
        *,
        upload: bool = False,
        environment: Mapping[str, str] = MappingProxyType({}),
    ) -> Job:
        """Begin a load. ``upload``: the file is a temporary copy in a folder of its own, deleted at the end.
        ``environment``: variables to set for it, besides those of this process.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        self._forget()
        identifier = uuid.uuid4().hex[:12]
        job = Job(identifier, kb, file.name, started=time.time(), upload=str(file.parent) if upload else "")
        write(self.path(identifier), job)
        command = [
            sys.executable,
            "-m",
            "dashboard",
            "load",
            str(file),
            "--kb",
            kb,
            "--status",
            str(self.path(identifier)),
        ]
        for name, column in mapping.items():
            command += ["--map", f"{name}={column}"]
        with (self.root / f"{identifier}.log").open("wb") as log:
            # Its own session: a restart of the server does not take the load with it.
            child = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env=os.environ | dict(environment),
            )
        # The child writes its own pid; this covers the moment before it does.
        self._children[identifier] = child
        return replace(job, pid=child.pid)

    def path(self, identifier: str) -> Path:
        return self.root / f"{identifier}.json"

    def get(self, identifier: str) -> Job | None:
        """A job as it stands; one whose process is gone without a word counts as failed."""
        job = read(self.path(identifier))
        if job is None or job.state != "running":
            return job
        child = self._children.get(identifier)
        gone = child.poll() is not None if child else (_begun(job) and _unheld(self.path(identifier)))
        if gone:
            job = read(self.path(identifier))  # it may have finished between the two looks
            if job is not None and job.state == "running":
                job = replace(job, state="failed", error={"code": "job_interrupted", "params": {}}, ended=time.time())
                write(self.path(identifier), job)
                self._clean(job)
        return job

    def all(self) -> list[Job]:
        """Newest first."""
        jobs = [self.get(path.stem) for path in self.root.glob("*.json")]
        return sorted((j for j in jobs if j is not None), key=lambda j: -j.started)

    def latest(self, kb: str) -> Job | None:
        """The load of a base that began last, however it stands."""
        return next((j for j in self.all() if j.kb == kb), None)

    def running(self, kb: str | None = None) -> Job | None:
        return next((j for j in self.all() if j.state == "running" and kb in (None, j.kb)), None)

    def cancel(self, identifier: str) -> None:
        """Stop a load; what was loaded before stays as it is."""
        job = self.get(identifier)
        if job is None or job.state != "running":
            return
        child = self._children.get(identifier)
        pid = child.pid if child else job.pid
        if pid:
            try:
                os.killpg(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        if child:
            child.wait(timeout=30)
        job = read(self.path(identifier))
        if job is not None and job.state == "running":  # it had not ended before the signal came
            write(self.path(identifier), replace(job, state="cancelled", ended=time.time()))
            self._clean(job)

    def _clean(self, job: Job) -> None:
        if job.upload:
            shutil.rmtree(job.upload, ignore_errors=True)

    def _forget(self) -> None:
        for path in [*self.root.glob("*.json"), *self.root.glob("*.lock"), *self.root.glob("*.log")]:
            if path.exists() and time.time() - path.stat().st_mtime > KEEP_SECONDS:
                path.unlink(missing_ok=True)


def fraction(job: Job) -> float:
    """How much of a load is done, 0 to 1: most of the time goes into the whole texts."""
    start, share = {"passages": (0.02, 0.68), "phrases": (0.7, 0.25), "index": (0.95, 0.05)}.get(job.stage, (0.0, 0.02))
    return start + share * (job.done / job.total if job.total else 0)


def _lock(path: Path) -> FileLock:
    """Held by a load as long as it lives. Its process number is no sign of that: after a restart of the machine it may
    be another's."""
    return FileLock(path.with_suffix(".lock"))


def _begun(job: Job) -> bool:
    """Its process has said so, or should have by now."""
    return bool(job.pid) or time.time() - job.started > BEGIN_SECONDS


def _unheld(path: Path) -> bool:
    try:
        with _lock(path).acquire(timeout=0):
            return True
    except Timeout:
        return False


def read(path: Path) -> Job | None:
    try:
        return Job(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None


def write(path: Path, job: Job) -> None:
    replace_json(path, asdict(job))


class Reporter:
    """What the child uses to say where it stands; without a path it says nothing."""

    def __init__(self, path: Path | None):
        self._path = path
        self._job = read(path) if path else None
        self._last = 0.0
        if self._path and self._job:
            self._alive = _lock(self._path)
            self._alive.acquire()
            self._job = replace(self._job, pid=os.getpid())
            write(self._path, self._job)

    def step(self, stage: str, done: int, total: int) -> None:
        if self._path and self._job and (time.monotonic() - self._last > 0.3 or done == total):
            self._last = time.monotonic()
            self._job = replace(self._job, stage=stage, done=done, total=total)
            write(self._path, self._job)

    def finish(self, *, report: dict[str, Any] | None = None, error: dict[str, Any] | None = None) -> None:
        if self._path and self._job:
            state: State = "failed" if error else "done"
            write(self._path, replace(self._job, state=state, report=report, error=error, ended=time.time()))
            self._alive.release()
            if self._job.upload:
                shutil.rmtree(self._job.upload, ignore_errors=True)
