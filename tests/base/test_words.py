"""Words of texts: of any script, unspaced ones cut, sentences ended by the signs of their script."""

import pytest

from dsi.base.words import all_words, joined_words, query_words, text_words


def test_query_words_leave_out_code_and_numbers() -> None:
    assert query_words("see 12 `x` ---- a-word " + "z" * 40) == ["see", "`x`", "a-word"]
    # Lone accented letters of Latin are no words, and marks make no word longer.
    assert query_words("à la carte 12") == ["la", "carte"]
    decomposed = "e\u0301" * 20
    assert query_words(f"a {decomposed}") == ["a", decomposed]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Θεωρία γραφημάτων 12", ["Θεωρία", "γραφημάτων"]),
        ("и в графе", ["и", "в", "графе"]),
        ("그래프 이론은", ["그래프", "이론은"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("ｇｒａｐｈ", ["ｇｒａｐｈ"]),
        ("д" * 40, ["д" * 40]),
        ("图论是数学，重要！", ["图论", "是数", "学", "重要"]),
        ("用NumPy数组2024年", ["用", "NumPy", "数组", "年"]),
        ("（NumPy）数组", ["NumPy", "数组"]),
        ("コンピュータ科学の本", ["コンピュータ", "科学", "の本"]),
        ("か\u3099き", ["か\u3099き"]),  # a decomposed が stays with its mark
        ("เรียนไทย", ["เรีย", "นไท", "ย"]),
        ("བོད་ཡིག", ["བོད", "ཡིག"]),
        ("ខ្មែរ\u200bភាសា", ["ខ្មែ", "រ", "ភាសា"]),
    ],
)
def test_words_of_other_scripts(text: str, words: list[str]) -> None:
    assert query_words(text) == words


def test_texts_without_letters_have_their_numbers_as_words() -> None:
    assert query_words("12 -- 3.5 " + "9" * 40) == ["12", "3.5", "9" * 29, "9" * 11]
    assert query_words("-- … ") == query_words("") == []


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One two three. Four five.  Six seven eight!", ["One two three.", "Six seven eight!"]),
        ("version 1.2 of this. And so on", ["version of this.", "And so on"]),
        ("图论研究图的性质。图由顶点组成！", ["图论研究图的性质", "图由顶点组成"]),
        ("「これは長い本だ。」と彼は言った。", ["これは長い本だ", "と彼は言った"]),
        ("यह एक शाखा है।वह एक नदी है॥", ["यह एक शाखा है।", "वह एक नदी है॥"]),
        ("ما هي هذه النظرية؟ هذه نظرية جيدة", ["ما هي هذه النظرية؟", "هذه نظرية جيدة"]),
        ("one two three\n \nfour five six", ["one two three", "four five six"]),
    ],
)
def test_sentences_end_by_the_signs_of_their_script(text: str, sentences: list[str]) -> None:
    assert [joined_words(words) for words in text_words(text).sentences] == sentences


def test_pieces_put_together_are_the_text_again() -> None:
    for text in ("图论是数学的一个分支", "グラフ理論は科学だ", "ทฤษฎีกราฟเป็นสาขาหนึ่งของคณิตศาสตร์", "a b  c"):
        assert joined_words(query_words(text)) == " ".join(text.split())


def test_terms_have_the_pairs_that_pieces_share() -> None:
    assert text_words("图论研究").terms == ["图论", "研究", "论研"]
    assert all_words("图论研究 12") == {"图论研究", "12", "图论", "论研", "研究"}
    # Of spaced texts the words alone, so that nothing is added to what they were.
    assert all_words("see 12 `x`") == {"see", "12", "`x`"}
