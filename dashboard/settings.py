"""Every setting, once. README.md documents each of them, and a test compares the two."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

ROOT = Path(__file__).parent.parent
KNOWLEDGE = ROOT / "knowledge"


class Settings(BaseSettings):
    """Read from the environment (``ZHENLU_*``), then from ``zhenlu.toml`` in the working directory."""

    model_config = SettingsConfigDict(env_prefix="ZHENLU_", toml_file="zhenlu.toml", extra="forbid")

    data: Path = Field(Path("data"), description="The one folder Zhenlu writes to.")
    models: Path | None = Field(None, description="A folder that holds model folders such as bge-m3.")
    encoder: str = Field(
        "auto", description="auto, compact, bge-m3, a model folder, or the http(s) address of an embeddings server."
    )
    reranker: str = Field("auto", description="auto, none, compact, bge-reranker-v2-m3, or a model folder.")
    remote_model: str = Field("", description="The model name to ask an embeddings server for.")
    remote_key: SecretStr = Field(SecretStr(""), description="The bearer key of an embeddings server.")
    remote_instruction: str = Field("", description="Text put before each query sent to an embeddings server.")
    threads: int = Field(0, ge=0, description="Processor threads for the models; 0 leaves it to torch.")
    recall: int = Field(50, ge=1, le=1000, description="How many entries the first stage hands to the reranker.")
    top: int = Field(5, ge=1, le=50, description="How many candidates are shown.")
    rerank_seconds: float = Field(10.0, ge=0, description="Time the reranker may take for one search.")
    counterparts: bool = Field(
        True,
        description="Let an entry profit from what the built-in base knows of the disease of the same or a like name.",
    )
    rerank_bfloat16: bool = Field(
        True,
        description="Let the reranker compute in bfloat16 where the processor does so natively: faster, less exact.",
    )
    max_query_chars: int = Field(5000, ge=100, description="The longest query accepted, in characters.")
    max_upload_mb: int = Field(200, ge=1, description="The largest knowledge-base file accepted, in megabytes.")
    admin_password: SecretStr = Field(
        SecretStr(""), description="Needed to load, switch or delete; unset: only from this machine."
    )
    idle_minutes: float = Field(
        15.0, gt=0, description="Idle minutes after which a session's texts and results are cleared."
    )
    language: Literal["zh", "en"] = Field("zh", description="The language a new session starts in.")

    @property
    def remote(self) -> bool:
        """Whether the encoder is an embeddings server."""
        return self.encoder.startswith(("http://", "https://"))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)
