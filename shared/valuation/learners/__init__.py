"""Learners of ln(price / floor) behind one interface (`learner`), and their ensemble, whose mean is the value."""
