"""The training loop that the encoder and the reranker share: schedule, log, checkpoints, going on where a run stopped."""

import argparse
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from dashboard.rerankers import native_bfloat16

BUILD = Path(__file__).parent / "build"
LOG_EVERY, SAVE_EVERY, WARM_UP = 30, 300, 100

State = dict[str, Any]


def parser(description: str | None, steps: int, out: Path, checkpoint: str) -> argparse.ArgumentParser:
    """The options of a training command."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--steps", type=int, default=steps, help="where the run ends, and the schedule with it")
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--rate", type=float, default=2e-4)
    options.add_argument("--out", type=Path, default=out)
    options.add_argument("--checkpoint", type=Path, default=BUILD / checkpoint, metavar="FILE")
    options.add_argument("--fresh", action="store_true", help="begin anew and overwrite the checkpoint")
    return options


def prepare(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    # Moments of rows that no batch touches decay into denormal numbers, which made a step three times as slow.
    torch.set_flush_denormal(True)


def digest(folder: Path | None) -> str:
    """Of the weights that a run starts from; "" for none but the teacher's."""
    return hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest() if folder else ""


def begun(tokenizer: Tokenizer, start: Path | None) -> State:
    """What a fresh run keeps in its checkpoint beside the weights. The tokenizer: made anew from knowledge/ as it is
    later, it would give the rows to other words."""
    return {"tokenizer": tokenizer.to_str(), "start": digest(start), "step": 0}


def reopen(args: argparse.Namespace, start: Path | None) -> State | None:
    """The checkpoint to go on from, or None for a fresh run.

    Raises SystemExit when there is one but nothing to go on with: it is finished, did not start from the weights in
    ``start`` (None: no matter which), or has no tokenizer.
    """
    if args.fresh or not args.checkpoint.exists():
        return None
    state: State = torch.load(args.checkpoint, weights_only=True)
    if not {"tokenizer", "start"} <= state.keys():
        raise SystemExit(f"{args.checkpoint} is of an earlier edition and lacks its tokenizer: start with --fresh")
    if start and state["start"] != digest(start):
        raise SystemExit(f"{args.checkpoint} did not start from the weights in {start}: begin anew with --fresh")
    if state["step"] >= args.steps:
        raise SystemExit(
            f"{args.checkpoint} is finished ({state['step']} of {args.steps} steps): begin anew with --fresh, or go on "
            "with more --steps"
        )
    print(f"resumed at step {state['step']}", flush=True)
    return state


def run(
    module: nn.Module,
    groups: list[dict[str, Any]],
    step: Callable[[int], tuple[str, Tensor]],
    args: argparse.Namespace,
    state: State,
    save: Callable[[], None],
) -> None:
    """Train from the state on, as `reopen` or `begun` has it; ``step(number)`` gives a kind of batch and its loss.

    A step's randomness, dropout included, hangs on its number alone, so a run in two sittings equals a run in one with
    the same options and the same knowledge/.
    """
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1, (s + 1) / WARM_UP) * max(0.02, 1 - s / args.steps)
    )
    parts: dict[str, Any] = {"module": module, "optimizer": optimizer, "schedule": schedule}
    first = state["step"]
    if first:
        for name, part in parts.items():
            part.load_state_dict(state.pop(name))
    kept = {name: state[name] for name in ("tokenizer", "start")}
    args.checkpoint.parent.mkdir(parents=True, exist_ok=True)
    # Where the processor has bfloat16: 2.7 times as fast, the loss the same to three digits.
    native = native_bfloat16()
    module.train()
    started, losses = time.perf_counter(), dict[str, float]()
    for number in range(first, args.steps):
        torch.manual_seed(args.seed * 1_000_003 + number)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=native):
            kind, loss = step(number)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        losses[kind] = 0.9 * losses.get(kind, loss.item()) + 0.1 * loss.item()
        last = number + 1 == args.steps
        if number % LOG_EVERY == LOG_EVERY - 1 or last:
            pace = (time.perf_counter() - started) / (number + 1 - first)
            shown = "  ".join(f"{k} {v:.3f}" for k, v in sorted(losses.items()))
            print(f"step {number + 1}/{args.steps}  {pace:.2f} s/step  {shown}", flush=True)
        if number % SAVE_EVERY == SAVE_EVERY - 1 or last:
            save()  # first: a finished checkpoint means that the model is written
            state = kept | {name: part.state_dict() for name, part in parts.items()} | {"step": number + 1}
            torch.save(state, args.checkpoint.with_suffix(".tmp"))
            args.checkpoint.with_suffix(".tmp").replace(args.checkpoint)
