"""Trains a tiny BERT on four words for as long as nobody stops it, as a script of a user's."""

from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast, TrainingArguments

from grain_torch.hf import GrainTrainer

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "good", "bad", "day", "night"]
fast = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, unk_token="[UNK]"))
fast.pre_tokenizer = pre_tokenizers.Whitespace()
fast.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
tokenizer = PreTrainedTokenizerFast(tokenizer_object=fast, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]")
sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 24}
model = BertForSequenceClassification(BertConfig(**sizes, vocab_size=len(WORDS), max_position_embeddings=16, num_labels=2))
model.save_pretrained("model")
tokenizer.save_pretrained("model")
data = [{**tokenizer(text), "labels": i % 2} for i, text in enumerate(["good day", "bad night"] * 16)]
arguments = TrainingArguments(
    output_dir="out",
    run_name="script",
    per_device_train_batch_size=8,
    max_steps=1_000_000,
    save_strategy="no",
    report_to="none",
    use_cpu=True,
    disable_tqdm=True,
)
GrainTrainer(model=model, groups=4, args=arguments, train_dataset=data).train()
