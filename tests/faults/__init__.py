"""What happens when processes die: real servers, real signals, and every text ends with exactly one outcome."""
