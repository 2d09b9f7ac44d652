"""Router owns sourcing: candidates and their ranking, the decision record of every row, and shipments."""
