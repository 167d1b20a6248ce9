"""Learners of ln(price / floor), each behind one interface (`learner`), and the ensemble of them that is the value."""
