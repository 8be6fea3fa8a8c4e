"""The word-level tokenizer: rows for training, one entry a word or synonym for `tokenizer.json`."""

from words import SYNONYMS, canonical_words

SPECIALS = ["<pad>", "</s>", "<unk>"]
LENGTH = 32

ROWS = {word: i for i, word in enumerate(SPECIALS + canonical_words())}


def encode(text: str):
    """Rows of the words of a caption of `words.caption`, closed and padded to `LENGTH`, and the mask."""
    ids = [ROWS[word] for word in text.split()][: LENGTH - 1] + [ROWS["</s>"]]
    return ids + [0] * (LENGTH - len(ids)), [1] * len(ids) + [0] * (LENGTH - len(ids))


def entries():
    """The shipped vocabulary, word to (entry, row trained for it)."""
    listed = {word: (row, row) for word, row in ROWS.items()}
    for word, others in SYNONYMS.items():
        for other in others:
            assert other not in listed, other
            listed[other] = (len(listed), ROWS[word])
    return listed


def tokenizer_json():
    """What `tokenizer/tokenizer.json` says: lower case, words and punctuation apart, closed by `</s>`."""
    special = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [{"id": i, "content": content, **special} for i, content in enumerate(SPECIALS)],
        "normalizer": {"type": "Sequence", "normalizers": [{"type": "NFKC"}, {"type": "Lowercase"}]},
        "pre_tokenizer": {"type": "Whitespace"},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"Sequence": {"id": "A", "type_id": 0}}, {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [
                {"Sequence": {"id": "A", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
                {"Sequence": {"id": "B", "type_id": 0}},
                {"SpecialToken": {"id": "</s>", "type_id": 0}},
            ],
            "special_tokens": {"</s>": {"id": "</s>", "ids": [1], "tokens": ["</s>"]}},
        },
        "decoder": None,
        "model": {"type": "WordLevel", "vocab": {word: entry for word, (entry, _) in entries().items()}, "unk_token": "<unk>"},
    }
