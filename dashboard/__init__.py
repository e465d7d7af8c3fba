"""诊路 Zhenlu: bilingual symptom search over a disease knowledge base."""

__version__ = "0.1.0"
