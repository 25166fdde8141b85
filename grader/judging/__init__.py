"""What a submission did, beside the kit: right or wrong, why, and what it is worth."""
