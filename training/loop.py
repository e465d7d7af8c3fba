"""The training loop that the encoder and the reranker share: schedule, log, checkpoints, going on where a run stopped."""

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

BUILD = Path(__file__).parent / "build"
LOG_EVERY, SAVE_EVERY, WARM_UP = 30, 300, 100


def parser(description: str | None, steps: int, out: Path) -> argparse.ArgumentParser:
    """The options of a training command."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--steps", type=int, default=steps)
    options.add_argument("--seed", type=int, default=7)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--rate", type=float, default=2e-4)
    options.add_argument("--out", type=Path, default=out)
    options.add_argument("--fresh", action="store_true", help="ignore the checkpoint")
    return options


def prepare(args: argparse.Namespace) -> None:
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    # Moments of rows that no batch touches decay into denormal numbers, which made a step three times as slow.
    torch.set_flush_denormal(True)


def run(
    module: nn.Module,
    groups: list[dict[str, Any]],
    step: Callable[[int], tuple[str, Tensor]],
    args: argparse.Namespace,
    checkpoint: Path,
    save: Callable[[], None],
) -> None:
    """Train from the checkpoint on, when there is one; ``step(number)`` gives a kind of batch and its loss.

    A step's randomness hangs on its number alone, so a run in two sittings equals a run in one, up to the order of sums.
    """
    optimizer = torch.optim.AdamW(groups, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda s: min(1, (s + 1) / WARM_UP) * max(0.02, 1 - s / args.steps)
    )
    first = 0
    if checkpoint.exists() and not args.fresh:
        state = torch.load(checkpoint, weights_only=True)
        module.load_state_dict(state["module"])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        first = state["step"]
        print(f"resumed at step {first}", flush=True)
    module.train()
    started, losses = time.perf_counter(), dict[str, float]()
    for number in range(first, args.steps):
        # bfloat16 where the processor has it (AMX, AVX-512): 2.7 times as fast, the loss the same to three digits
        with torch.autocast("cpu", dtype=torch.bfloat16):
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
            state = {"module": module.state_dict(), "optimizer": optimizer.state_dict(),
                     "schedule": schedule.state_dict(), "step": number + 1}  # fmt: skip
            torch.save(state, checkpoint.with_suffix(".tmp"))
            checkpoint.with_suffix(".tmp").replace(checkpoint)
            save()
