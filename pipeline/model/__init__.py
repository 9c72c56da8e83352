"""The nouns: small frozen values, no input or output, no arithmetic beyond their own fields.

Here belongs what travels between stages. What reads, computes or writes it belongs to a stage.
"""
