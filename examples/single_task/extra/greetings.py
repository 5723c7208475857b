"""A library that lies beside the code, not in it."""


def greet(greeting, name, times):
    return f"{(greeting + ' ') * times}{name}"
