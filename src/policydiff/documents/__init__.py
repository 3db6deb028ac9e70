"""Files become documents, documents become policies and responses."""

from policydiff.documents.language import detect_language
from policydiff.documents.mapping import MappedText, normalise
from policydiff.documents.passages import Block, parse_response, segment
from policydiff.documents.policies import load_policy
from policydiff.documents.provisions import parse_policy
from policydiff.documents.reading import Document, document_from_bytes, document_from_text, read_document
from policydiff.documents.sentences import split_sentences

__all__ = [
    "Block",
    "Document",
    "MappedText",
    "detect_language",
    "document_from_bytes",
    "document_from_text",
    "load_policy",
    "normalise",
    "parse_policy",
    "parse_response",
    "read_document",
    "segment",
    "split_sentences",
]
