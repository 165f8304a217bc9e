"""What is computed of one picture: a table from endpoint to function.

Each function takes a decoded ``Picture`` and the checked parameters, and gives back a new
``Picture``; none of them knows HTTP, the store or the catalogue.
"""
