"""Fine-tunes an imported model on the user's own labelled texts, with LoRA or in full, on a CPU."""
