"""Each group's loss and gradients by PyTorch's autograd, one group after the other; in float64, so that what differs is ours."""

import torch
from safetensors.torch import save_file


def scatter_up(adapted, generator):
    """Gives LoRA's B, which begins as zeros, values: without them A has no gradient."""
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))


def plain(name):
    """peft's name of a parameter without what peft adds in memory."""
    for added in ["base_model.model.", "modules_to_save.default.", "default.", "base_layer."]:
        name = name.replace(added, "")
    return name


def reference(model, given, targets, bounds, file):
    """Writes outputs, and losses and gradients of groups of examples: group g is bounds[g] to bounds[g + 1] - 1."""
    model.eval()
    tensors = {"outputs": model(**given).logits.detach()}
    model.double()
    trained = [(plain(name), parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    losses, gradients = [], []
    for start, end in zip(bounds, bounds[1:]):
        logits = model(**{key: value[start:end] for key, value in given.items()}).logits
        if model.config.num_labels == 1:
            loss = torch.nn.functional.mse_loss(logits[:, 0], torch.tensor(targets[start:end], dtype=torch.float64))
        else:
            loss = torch.nn.functional.cross_entropy(logits, torch.tensor(targets[start:end]))
        losses.append(loss.detach())
        gradients.append(torch.autograd.grad(loss, [parameter for _, parameter in trained]))
    tensors["losses"] = torch.stack(losses)
    for index, (name, _) in enumerate(trained):
        tensors[f"gradient.{name}"] = torch.stack([group[index] for group in gradients])
    model.float()
    save_file({name: value.float().contiguous() for name, value in tensors.items()}, file)
