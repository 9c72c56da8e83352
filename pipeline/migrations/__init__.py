"""The steps that bring a ledger from one shape to the next, run by Alembic when one is opened.

Here belongs one module a step, named ``rNNNN_what``; a step that was released is never edited.
Reading and writing the ledger belongs to ``store.ledger``.
"""
