"""The query room: a URL of either API family becomes one query value, and a query and a structure become a plan.

Nothing here reads or writes anything. The two URL families differ in spelling only, so each has its own module of small
parsers and both give equal values; whatever comes after never asks which family a request came from. The parsers are
our own, linear and capped in length: the patterns printed in the standard backtrack. They refuse with a sentence that
says which part, what was found and what is allowed, and are otherwise as lenient as the clients in use need.
"""
