"""Stage 1 of the paper, tool making: propose, verify, wrap."""
