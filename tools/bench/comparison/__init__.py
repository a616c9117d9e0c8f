"""What tools/bench/compare is made of: servers, scenarios, figures, and how they are shown."""
