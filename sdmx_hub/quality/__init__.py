"""How the sharing goes: origin against destination, and the quality of runs, told as observations of ILM_QUALITY."""
