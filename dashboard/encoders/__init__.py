"""Text -> vectors. ``open_encoder`` is the one place that decides which implementation a setting means."""

import numpy as np

from dashboard.checkpoint import Checkpoint, open_checkpoint, opening, refusal, resolve, weights_file
from dashboard.encoders.base import PROBE, Encoder, Encoding
from dashboard.settings import Settings

__all__ = ["Encoder", "Encoding", "open_encoder"]


def open_encoder(settings: Settings) -> Encoder:
    """The encoder that the settings name; nothing is downloaded.

    Raises ZhenluError: model_missing, model_not_here, model_layout, model_file, remote_failed.
    """
    if settings.remote:
        from dashboard.encoders.remote import RemoteEncoder

        return RemoteEncoder(
            settings.encoder,
            settings.remote_model,
            key=settings.remote_key.get_secret_value(),
            instruction=settings.remote_instruction,
        )
    folder = resolve(settings.encoder, settings, "encoder")
    with opening(folder):
        encoder = _local(open_checkpoint(folder, "encoder"))
    with opening(folder, "fails"):
        found = encoder.encode(PROBE, kinds=encoder.kinds)
        numbers = [found.dense, *(found.multi_vector or ()), *([] if found.sparse is None else [found.sparse.data])]
        if not all(np.isfinite(array).all() for array in numbers):
            raise refusal(weights_file(folder), "finite", names="vectors")
    return encoder


def _local(checkpoint: Checkpoint) -> Encoder:
    if checkpoint.layout.name == "m3":
        from dashboard.encoders.bge_m3 import M3Encoder

        return M3Encoder(checkpoint)
    from dashboard.encoders.sentence import SentenceEncoder

    return SentenceEncoder(checkpoint)
