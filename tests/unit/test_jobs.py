"""Loads in a process of their own: they report, can be cancelled, and their end is known whoever asks."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dashboard.jobs import Job, Jobs, fraction, write
from dashboard.store import Store


@pytest.fixture
def jobs(m3_folder: Path, own_data: Path, monkeypatch: pytest.MonkeyPatch) -> Jobs:
    monkeypatch.setenv("ZHENLU_ENCODER", str(m3_folder))
    return Jobs(own_data)


def base(folder: Path, rows: int) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / "ward.json"
    entries = [{"id": f"e{i}", "disease": f"病{i}", "symptoms": [f"症状{i}甲", f"症状{i}乙"]} for i in range(rows)]
    file.write_text(json.dumps(entries, ensure_ascii=False), encoding="utf-8")
    return file


def wait(jobs: Jobs, identifier: str, until: Callable[[Job], bool], seconds: float = 90) -> Job:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        job = jobs.get(identifier)
        if job is not None and until(job):
            return job
        time.sleep(0.1)
    raise AssertionError(f"not reached: {jobs.get(identifier)}")


def test_a_load_reports_and_ends_with_its_report(jobs: Jobs, own_data: Path, tmp_path: Path) -> None:
    upload = tmp_path / "upload"
    job = jobs.start("ward", base(upload, 3), {}, upload=True)
    ended = wait(jobs, job.id, lambda j: j.state != "running")
    assert ended.state == "done"
    assert ended.report is not None
    assert (ended.report["kb"], ended.report["added"]) == ("ward", 3)
    assert not upload.exists()
    assert Store(own_data).active("ward") == "v0001"
    # another process, such as the server after a restart, sees the same
    assert Jobs(own_data).get(job.id) == ended


def test_a_load_that_fails_says_why(jobs: Jobs, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("a,b\n1,2\n", encoding="utf-8")
    ended = wait(jobs, jobs.start("ward", file, {}).id, lambda j: j.state != "running")
    assert ended.state == "failed"
    assert ended.error is not None
    assert ended.error["code"] == "mapping_incomplete"


def test_a_cancelled_load_leaves_the_old_version(jobs: Jobs, own_data: Path, tmp_path: Path) -> None:
    wait(jobs, jobs.start("ward", base(tmp_path / "a", 2), {}).id, lambda j: j.state == "done")
    job = jobs.start("ward", base(tmp_path / "b", 4000), {})
    wait(jobs, job.id, lambda j: j.stage == "passages")
    jobs.cancel(job.id)
    after = jobs.get(job.id)
    assert after is not None
    assert after.state == "cancelled"
    store = Store(own_data)
    assert len(store.open("ward").entries) == 2
    # and the next load works
    again = jobs.start("ward", base(tmp_path / "c", 3), {})
    wait(jobs, again.id, lambda j: j.state == "done")
    assert len(Store(own_data).open("ward").entries) == 3


def test_a_process_that_vanished_counts_as_failed(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.start("ward", base(tmp_path / "a", 4000), {})
    wait(jobs, job.id, lambda j: j.pid != 0)
    os.killpg(job.pid, signal.SIGKILL)
    ended = wait(jobs, job.id, lambda j: j.state != "running")
    assert ended.state == "failed"
    assert ended.error == {"code": "job_interrupted", "params": {}}


def test_a_number_that_another_process_has_now_is_no_sign_of_life(jobs: Jobs) -> None:
    """As after a restart of the machine."""
    jobs.root.mkdir(parents=True)
    write(jobs.path("old"), Job("old", "ward", "ward.json", pid=os.getpid(), started=time.time() - 60))
    job = jobs.get("old")
    assert job is not None
    assert (job.state, job.error) == ("failed", {"code": "job_interrupted", "params": {}})
    assert job.ended > job.started


def test_a_load_that_never_began_does_not_run_for_ever(jobs: Jobs) -> None:
    jobs.root.mkdir(parents=True)
    write(jobs.path("young"), Job("young", "ward", "ward.json", started=time.time()))
    write(jobs.path("old"), Job("old", "ward", "ward.json", started=time.time() - 600))
    assert [(j.id, j.state) for j in jobs.all()] == [("young", "running"), ("old", "failed")]


@pytest.mark.parametrize(
    ("stage", "done", "low", "high"),
    [("start", 0, 0, 0.02), ("passages", 50, 0.3, 0.4), ("phrases", 50, 0.8, 0.85), ("index", 100, 1, 1)],
)
def test_the_bar_moves_forward(stage: str, done: int, low: float, high: float, tmp_path: Path) -> None:
    job = Job("x", "kb", "f", stage=stage, done=done, total=100)
    write(tmp_path / "x.json", job)
    assert low <= fraction(job) <= high + 1e-9
