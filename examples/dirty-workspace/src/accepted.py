# factory-gate: allow(trailing-whitespace) the parser is tested with exactly this line
INPUT = "a b"  
