"""Errors that are for the person at the keyboard: one sentence that says what to do."""


class Sentence(Exception):
    """What could not be done, in one French sentence."""
