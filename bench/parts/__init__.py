"""The parts of the benchmark, each measuring one thing into the report."""
