"""Signed notes, against the example of Go's golang.org/x/mod/sumdb/note and every change of a note."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from shared.errors import InvalidInputError
from shared.signing.notes import SignatureError, SigningKey, VerifierKey, opened, sign, signing_keys, trusted_keys

NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANNS_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
SIGNATURE = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
NOTE = f"{TEXT}\n— PeterNeumann {SIGNATURE}\n"
OURS = SigningKey("punkcast", bytes(range(32)))
THEIRS = SigningKey("punkcast", bytes(32))


def test_the_published_example_is_signed_to_the_byte_and_verifies() -> None:
    key = SigningKey("PeterNeumann", NEUMANNS_SEED)
    assert str(key.verifier) == NEUMANN
    assert sign(TEXT, [key]) == NOTE
    assert opened(NOTE, [VerifierKey.parse(NEUMANN)]) == TEXT


@given(data=st.data())
def test_every_change_of_a_note_is_noticed(data: st.DataObject) -> None:
    note = sign("punkcast\n3\nroot\n", [OURS])
    place = data.draw(st.integers(0, len(note) - 1))
    other = data.draw(st.characters(codec="utf-8").filter(lambda character: character != note[place]))
    edited = data.draw(
        st.sampled_from([note[:place] + other + note[place + 1 :], note[:place] + note[place + 1 :], note[:place]])
    )
    if edited.rstrip("\n") == note.rstrip("\n"):
        return
    with pytest.raises(SignatureError):
        opened(edited, [OURS.verifier])


def test_a_note_of_several_keys_is_believed_by_who_knows_one_of_them() -> None:
    note = sign("text\n", [OURS, THEIRS])
    for key in (OURS, THEIRS):
        assert opened(note, [key.verifier]) == "text\n"
    with pytest.raises(SignatureError, match="no trusted key"):
        opened(note, [VerifierKey.parse(NEUMANN)])


def test_a_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    note = sign("text\n", [OURS]) + THEIRS.line("another text\n")
    assert opened(note, [OURS.verifier]) == "text\n"
    with pytest.raises(SignatureError, match="is wrong"):
        opened(note, [OURS.verifier, THEIRS.verifier])


def test_another_name_is_another_key() -> None:
    with pytest.raises(SignatureError):
        opened(sign("text\n", [OURS]), [VerifierKey("other", OURS.verifier.public)])


def test_signing_again_keeps_the_signatures_of_other_keys() -> None:
    first = sign("text\n", [OURS])
    both = sign("text\n", [THEIRS], beside=first)
    assert opened(both, [OURS.verifier]) == opened(both, [THEIRS.verifier]) == "text\n"
    for keys in ([OURS], [THEIRS], [THEIRS, OURS]):
        assert sign("text\n", keys, beside=both) == both, "nobody has to sign again"
    assert sign("new text\n", [THEIRS], beside=both) == sign("new text\n", [THEIRS])


@pytest.mark.parametrize(
    "note", ["", "\n", "text\n", "text\n\n", "\n\n— punkcast AAAA\n", "text\n\nnonsense\n", "te\0xt\n\n— a AAAAAAAA\n"]
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(SignatureError):
        opened(note, [OURS.verifier])


@pytest.mark.parametrize(
    "text",
    ["", "punkcast", NEUMANN.replace("c74f20a3", "c74f20a4"), NEUMANN.replace("Peter", "Paul"), NEUMANN[:-4],
     NEUMANN.replace("+ARpc", "+AxRpc"), f"a b{NEUMANN}", NEUMANN + "=="],
)  # fmt: skip
def test_what_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="verifier key"):
        VerifierKey.parse(text)


def test_keys_come_from_settings_and_errors_do_not_show_a_seed() -> None:
    seeds = [base64.b64encode(key.seed).decode() for key in (OURS, THEIRS)]
    assert signing_keys(SecretStr(", ".join(seeds)), "punkcast") == (OURS, THEIRS)
    assert signing_keys(None, "punkcast") == signing_keys(SecretStr(""), "punkcast") == trusted_keys(None) == ()
    assert trusted_keys(f"{OURS.verifier},{NEUMANN}") == (OURS.verifier, VerifierKey.parse(NEUMANN))
    with pytest.raises(InvalidInputError) as refused:
        signing_keys(SecretStr(seeds[0][:-8]), "punkcast")
    assert seeds[0][:8] not in str(refused.value)
    assert seeds[0] not in repr(OURS)
    with pytest.raises(InvalidInputError, match="spaces or plus"):
        signing_keys(SecretStr(seeds[0]), "two words")
