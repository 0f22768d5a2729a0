"""Says which weights learn: LoRA's low-rank updates of the attention (Hu et al., 2021) and the head, or all of them."""

import torch
from peft import LoraConfig, PeftModel, TaskType, get_peft_model
from transformers import BertForSequenceClassification

from modelkit.finetuning.recipe import FinetuningRecipe

ADAPTED = ["query", "value"]
LEARNED_WHOLE = ["classifier"]
SCALE = 2  # the update counts this often, whatever its rank


def add_adapter(model: BertForSequenceClassification, recipe: FinetuningRecipe) -> torch.nn.Module:
    """Return `model` as the recipe trains it: with a rank, all but the updates and the head is frozen."""
    if recipe.rank is None:
        return model
    torch.manual_seed(recipe.seed)  # half of each update begins with random weights, the other half with zeros
    config = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=recipe.rank,
        lora_alpha=SCALE * recipe.rank,
        lora_dropout=recipe.adapter_dropout,
        target_modules=ADAPTED,
        modules_to_save=LEARNED_WHOLE,
    )
    adapted: torch.nn.Module = get_peft_model(model, config)
    return adapted


def copy_learned(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return a copy of the weights that learn, by their names in `model`."""
    return {name: weight.detach().clone() for name, weight in model.named_parameters() if weight.requires_grad}


def merge_adapter(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return plain weights under BERT's names, the updates added in; `model` is used up."""
    plain = model.merge_and_unload() if isinstance(model, PeftModel) else model
    return dict(plain.state_dict())
