"""What the compact model learns from: knowledge/, and nothing else.

    python -m training.material

Prints how much of each kind there is.
"""

import argparse
import json
import random
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

KNOWLEDGE = Path(__file__).parent.parent / "knowledge"


@dataclass
class Concept:
    """One meaning with all its wordings; ``related`` are neighbours that must stay apart from it."""

    zh: list[str]
    en: list[str]
    related: list[int] = field(default_factory=list)


@dataclass
class Material:
    concepts: list[Concept]
    words: list[Concept]  # the everyday and medical words that longer texts are made of
    sentences: list[tuple[str, str]]  # (zh, en), short and long
    questions: list[dict]  # {"zh": [2], "en": [2], "near_zh", "near_en"}
    entries: list[dict]
    vignettes: list[dict]  # the train split only

    def cases(self) -> dict[str, list[str]]:
        """Entry id -> the labelled queries about it."""
        found: dict[str, list[str]] = defaultdict(list)
        for vignette in self.vignettes:
            for identifier in vignette["relevant"]:
                found[identifier].append(vignette["query"])
        return dict(found)

    def chinese(self) -> list[str]:
        """Every Chinese text there is."""
        texts = [w for c in self.concepts for w in c.zh] + [zh for zh, _ in self.sentences]
        texts += [t for q in self.questions for t in [*q["zh"], q["near_zh"]]]
        return texts + [v["query"] for v in self.vignettes if v["lang"] == "zh"]

    def english(self) -> list[str]:
        """Every English text there is."""
        texts = [w for c in [*self.concepts, *self.words] for w in c.en] + [en for _, en in self.sentences]
        texts += [t for q in self.questions for t in [*q["en"], q["near_en"]]]
        return texts + [v["query"] for v in self.vignettes if v["lang"] == "en"]

    def wordings(self) -> dict[str, Concept]:
        """Every wording -> its concept, for saying a symptom in other words."""
        return {w.lower(): c for c in self.concepts for w in [*c.zh, *c.en]}


def rows(name: str) -> list[dict]:
    path = KNOWLEDGE / name
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line] if path.exists() else []


def load() -> Material:
    lexicon, vignettes = rows("lexicon.jsonl"), rows("vignettes.jsonl")
    # Diseases that only the test split knows: their entries are never learned from.
    unseen = {identifier for v in vignettes if "unseen" in v["tags"] for identifier in v["relevant"]}
    entries = [e for e in rows("diseases.jsonl") if e["id"] not in unseen]
    place = {row["id"]: i for i, row in enumerate(lexicon)}
    concepts = [
        Concept(row["zh"], row["en"], [place[r] for r in [*row["related"], *row["broader"]] if r in place])
        for row in lexicon
    ]
    known = {w.lower() for c in concepts for w in [*c.zh, *c.en]}
    phrases: dict[str, set[str]] = defaultdict(set)
    for entry in entries:
        for zh, en in zip(entry["symptoms"], entry["symptoms_en"], strict=True):
            if zh.lower() not in known:
                phrases[zh].add(en)
    concepts += [Concept([zh], sorted(en)) for zh, en in sorted(phrases.items())]
    for entry in entries:
        if entry["disease"].lower() not in known:
            concepts.append(Concept([entry["disease"], *entry["aliases"]], [entry["disease_en"], *entry["aliases_en"]]))
    sentences = [(row["zh"], row["en"]) for row in rows("sentences.jsonl")]
    sentences += [(e["description"], e["description_en"]) for e in entries]
    sentences += [
        (f["flag"] + "，" + f["reason"], f["flag_en"] + ", " + f["reason_en"]) for e in entries for f in e["red_flags"]
    ]
    train = [v for v in vignettes if v["split"] == "train" and v["relevant"]]
    words = [Concept([row["zh"]], row["en"]) for row in rows("words.jsonl")]
    return Material(concepts, words, sentences, rows("questions.jsonl"), entries, train)


def passage(entry: dict, lang: str, rng: random.Random) -> str:
    """An entry in the order the product indexes it, as other bases might have it: symptoms missing or in another order,
    now and then no name or description."""
    name, symptoms, description = (
        (entry["disease"], entry["symptoms"], entry["description"])
        if lang == "zh"
        else (entry["disease_en"], entry["symptoms_en"], entry["description_en"])
    )
    kept = [s for s in symptoms if rng.random() < 0.85] or list(symptoms)
    if rng.random() < 0.3:
        rng.shuffle(kept)
    comma, stop = ("、", "。") if lang == "zh" else (", ", ". ")
    parts = [name if rng.random() < 0.85 else "", comma.join(kept), description if rng.random() < 0.5 else ""]
    return stop.join(part for part in parts if part)


FRAMES_ZH = [
    "{}",
    "{}",
    "患者{}",
    "我最近{}",
    "这两天{}，怎么回事？",
    "主诉：{}",
    "{}，请问是什么病？",
    "孩子{}",
    "老人家{}",
    "{}一周",
]
FRAMES_EN = ["{}", "{}", "I have {}", "Patient with {}", "Lately I have had {}", "c/o {}", "{} for a week",
             "My child has {}", "presents with {}", "I've been suffering from {}. What could it be?"]  # fmt: skip


def told(entry: dict, wordings: dict[str, Concept], rng: random.Random) -> tuple[str, str, str]:
    """Two to five of an entry's symptoms in both languages, each in any wording of the lexicon, and in the entry's own
    plain English."""
    chosen = rng.sample(range(len(entry["symptoms"])), min(len(entry["symptoms"]), rng.choice([2, 3, 4, 5])))
    zh, en, plain = [], [], [entry["symptoms_en"][i] for i in chosen]
    for i in chosen:
        concept = wordings.get(entry["symptoms"][i].lower()) or wordings.get(entry["symptoms_en"][i].lower())
        zh.append(rng.choice(concept.zh) if concept else entry["symptoms"][i])
        en.append(rng.choice(concept.en) if concept else entry["symptoms_en"][i])
    mark = rng.choice([("、", ", "), ("，", ", "), ("，还有", " and "), ("；", "; ")])
    return mark[0].join(zh), mark[1].join(en), ", ".join(plain)


def reworded(text: str, wordings: dict[str, Concept], rng: random.Random) -> str:
    """A sentence with up to two of its terms in other words of the lexicon."""
    chinese = any("\u4e00" <= c <= "\u9fff" for c in text)
    edges = range(len(text) + 1) if chinese else sorted({m.start() for m in re.finditer(r"\b", text)} | {0, len(text)})
    found: list[tuple[int, int, Concept]] = []
    place = 0
    while place < len(edges) - 1:
        for end in range(min(place + (8 if chinese else 9), len(edges) - 1), place, -1):
            word = text[edges[place] : edges[end]].lower()
            if len(word) > (1 if chinese else 4) and (concept := wordings.get(word)):
                found.append((edges[place], edges[end], concept))
                place = end - 1
                break
        place += 1
    for start, end, concept in sorted(rng.sample(found, min(len(found), 2)), key=lambda f: f[0], reverse=True):
        text = text[:start] + rng.choice(concept.zh if chinese else concept.en) + text[end:]
    return text


def query(entry: dict, wordings: dict[str, Concept], lang: str, rng: random.Random) -> str:
    """Two to five of an entry's symptoms, each in any wording the lexicon has for it, in one of a few frames."""
    count = min(len(entry["symptoms"]), rng.choice([1, 2, 2, 3, 3, 4, 5]))
    said = []
    for i in rng.sample(range(len(entry["symptoms"])), count):
        zh, en = entry["symptoms"][i], entry["symptoms_en"][i]
        concept = wordings.get(zh.lower()) or wordings.get(en.lower())
        options = ((concept.zh if lang == "zh" else concept.en) if concept else []) or [zh if lang == "zh" else en]
        said.append(rng.choice(options))
    if lang == "zh":
        return rng.choice(FRAMES_ZH).format(rng.choice(["、", "，", "，还", "，而且"]).join(said))
    return rng.choice(FRAMES_EN).format(rng.choice([", ", " and ", ", also "]).join(said))


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    material = load()
    for part in ("concepts", "words", "sentences", "questions", "entries", "vignettes"):
        print(part, len(getattr(material, part)))


if __name__ == "__main__":
    main()
