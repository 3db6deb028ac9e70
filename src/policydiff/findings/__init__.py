"""From evidence to findings: aligning, judging stances, counting."""
