"""Text -> vectors. ``open_encoder`` is the one place that decides which implementation a setting means."""

from dashboard.checkpoint import open_checkpoint, resolve
from dashboard.encoders.base import Encoder, Encoding
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
    checkpoint = open_checkpoint(resolve(settings.encoder, settings, "encoder"), "encoder")
    if checkpoint.layout.name == "m3":
        from dashboard.encoders.bge_m3 import M3Encoder

        return M3Encoder(checkpoint)
    from dashboard.encoders.sentence import SentenceEncoder

    return SentenceEncoder(checkpoint)
