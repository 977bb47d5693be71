"""What test/unit/hub/config.test.ts compares with: how transformers reads config.json, in our words."""

import json
import sys

import torch
from transformers import AutoConfig, AutoModel

ACTIVATIONS = {"gelu_pytorch_tanh": "gelu_new", "gelu_python": "gelu", "swish": "silu"}


def encoder(c):
    # DistilBERT has names of its own for some.
    own = lambda name, other: getattr(c, name) if hasattr(c, name) else getattr(c, other)
    activation = own("hidden_act", "activation")
    dropout = own("hidden_dropout_prob", "dropout")
    head = own("classifier_dropout", "seq_classif_dropout")
    return {
        "layers": c.num_hidden_layers,
        "heads": c.num_attention_heads,
        "hiddenSize": c.hidden_size,
        "intermediateSize": own("intermediate_size", "hidden_dim"),
        "vocabSize": c.vocab_size,
        "maxPositions": c.max_position_embeddings,
        "typeVocabSize": getattr(c, "type_vocab_size", 0),
        "normEpsilon": getattr(c, "layer_norm_eps", 1e-12),
        "activation": ACTIVATIONS.get(activation, activation),
        "dropout": dropout,
        "attentionDropout": own("attention_probs_dropout_prob", "attention_dropout"),
        "classifierDropout": dropout if head is None else head,
        "initializerRange": c.initializer_range,
        "padId": c.pad_token_id,
        "paddingIndex": c.pad_token_id,
    }


def window(c):
    if c.model_type == "mistral":
        return c.sliding_window
    return c.sliding_window if "sliding_attention" in (getattr(c, "layer_types", None) or []) else None


def decoder(c):
    with torch.device("meta"):
        model = AutoModel.from_config(c)
    common = {
        "layers": c.num_hidden_layers,
        "heads": c.num_attention_heads,
        "hiddenSize": c.hidden_size,
        "vocabSize": c.vocab_size,
        "maxPositions": c.max_position_embeddings,
        "tiedEmbeddings": c.tie_word_embeddings,
        "padId": c.pad_token_id,
        "paddingIndex": model.get_input_embeddings().padding_idx,
        "slidingWindow": window(c),
        "queryKeyNorm": c.model_type == "qwen3",
        "initializerRange": c.initializer_range,
    }
    if c.model_type == "gpt2":
        block = model.h[0]
        return common | {
            "keyValueHeads": c.n_head,
            "headDim": block.attn.head_dim,
            "intermediateSize": block.mlp.c_fc.nf,
            "normEpsilon": c.layer_norm_epsilon,
            "activation": ACTIVATIONS.get(c.activation_function, c.activation_function),
            "attentionBias": True,
            "outputBias": True,
            "mlpBias": True,
            "rope": None,
            "dropout": block.attn.resid_dropout.p,
            "attentionDropout": block.attn.attn_dropout.p,
            "embeddingDropout": model.drop.p,
        }
    block = model.layers[0]
    rope = c.rope_parameters
    return common | {
        "keyValueHeads": c.num_key_value_heads,
        "headDim": block.self_attn.head_dim,
        "intermediateSize": block.mlp.up_proj.out_features,
        "normEpsilon": block.input_layernorm.variance_epsilon,
        "activation": ACTIVATIONS.get(c.hidden_act, c.hidden_act),
        "attentionBias": block.self_attn.q_proj.bias is not None,
        "outputBias": block.self_attn.o_proj.bias is not None,
        "mlpBias": block.mlp.up_proj.bias is not None,
        "rope": {
            "theta": rope["rope_theta"],
            "scaling": {
                "kind": "llama3",
                "factor": rope["factor"],
                "lowFrequencyFactor": rope["low_freq_factor"],
                "highFrequencyFactor": rope["high_freq_factor"],
                "originalMaxPositions": rope["original_max_position_embeddings"],
            }
            if rope["rope_type"] == "llama3"
            else None,
        },
        "dropout": 0,
        "attentionDropout": block.self_attn.attention_dropout,
        "embeddingDropout": 0,
    }


descriptions = []
for folder in sys.argv[1:]:
    config = AutoConfig.from_pretrained(folder)
    describe = decoder if config.model_type in ["gpt2", "llama", "mistral", "qwen2", "qwen3"] else encoder
    descriptions.append(describe(config) | {"labels": [config.id2label[i] for i in range(config.num_labels)]})
print(json.dumps(descriptions))
