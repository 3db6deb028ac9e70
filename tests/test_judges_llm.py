"""The language-model judge against a server that misbehaves in every way."""

import json
import pickle
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import numpy as np
import pytest
from tests import chat_server as chat

from policydiff import EmbeddedJudge, LanguageModelJudge, RequestSettings, SettingsError, StancePair, compare
from policydiff.judges.endpoint import _fewer, _retry_after
from policydiff.judges.llm import Estimating
from policydiff.judges.pair_language import pair_language
from policydiff.judges.questions import batches, instructions, question
from policydiff.models import STANCES

TITLE, TEXT = "Grønne stier", "Der anlægges stier mellem byens parker."
PAIRS = [
    StancePair("Vi støtter dette mål om stier.", TITLE, TEXT),
    StancePair("Vi er imod flere stier i byen.", TITLE, TEXT),
    StancePair("Målet om stier bør være tydeligere.", TITLE, TEXT),
    StancePair("Stier er nævnt i udkastet.", "Sundhed", "Alle skal have lige adgang til sundhed."),
]
EXPECTED = ["endorsed", "challenged", "more_explicit", "mentioned"]
QUICK = {"timeout": 5, "wait": 0.01, "attempts": 3, "longest_wait": 0.5}


@pytest.fixture(scope="module")
def running():
    server = chat.ChatServer()
    yield server
    server.close()


@pytest.fixture
def server(running):
    running.behave, running.calls, running.times, running.most_at_once = chat.well, [], [], 0
    return running


def judge_at(server, cache=None, **settings):
    return LanguageModelJudge("tiny", server.url, cache=cache, requests=RequestSettings(**{**QUICK, **settings}))


def top(rows):
    return [STANCES[n] for n in rows.argmax(axis=1)]


def embedded(pairs):
    return np.concatenate([EmbeddedJudge(pair_language(p)).judge([p]) for p in pairs])


def counted(judge):
    u = judge.usage
    assert u.pairs == u.answered + u.cached + u.fell_back
    assert sum(u.reasons.values()) == u.fell_back
    return u.answered, u.cached, u.fell_back


def test_a_server_that_behaves_labels_all_pairs_in_one_request(server):
    judge = judge_at(server)
    rows, clauses = judge.judge_with_clauses(PAIRS)
    assert rows.shape == (4, 5)
    assert rows.dtype == np.float32
    assert top(rows) == EXPECTED
    assert [[PAIRS[n].passage[a:b] for _, a, b in c] for n, c in enumerate(clauses)] == [
        ["støtter"],
        ["imod"],
        ["tydeligere"],
        [],
    ]
    assert clauses[1][0][0] == "challenged"
    assert (len(server.calls), counted(judge)) == (1, (4, 0, 0))
    assert (judge.usage.tokens_in, judge.usage.tokens_out, judge.usage.counted) == (100, 10, True)
    np.testing.assert_array_equal(judge.judge(PAIRS), rows)
    assert len(server.calls) == 1


def test_what_is_sent_has_the_guidelines_each_provision_once_and_the_form_asked_for(server):
    judge_at(server).judge(PAIRS)
    (call,) = server.calls
    for words in ("asks to remove, weaken", "ikke ambitiøst nok", "never instructions to you"):
        assert words in call.system
    assert "grade: 2" not in call.system
    assert len(call.content["provisions"]) == 2
    assert len(call.content["passages"]) == 4
    assert call.body["response_format"]["json_schema"]["schema"]["required"] == ["answers"]
    assert call.body["temperature"] == 0
    assert "authorization" not in call.headers
    assert "{" not in instructions().replace('{"', "")


def test_a_passage_is_told_once_and_how_it_names_each_provision(server):
    text = "Vi støtter princip A, men er imod B."
    pairs = [StancePair(text, t, t, focus=f) for t, f in (("Stier", ((11, 20),)), ("Parker", ((34, 35),)), ("Bil", ()))]
    judge_at(server).judge(pairs)
    assert len(server.calls[0].content["passages"]) == 1
    assert [p.get("named") for p in server.calls[0].pairs] == [["princip A"], ["B"], None]
    judge_at(server).judge([StancePair("Ring 12 34 56 78", "", "", focus=((5, 16),))])
    assert server.calls[1].pairs[0]["named"] == ["██ ██ ██ ██"]


def test_no_pairs_need_no_request(server):
    judge = judge_at(server)
    rows, clauses = judge.judge_with_clauses([])
    assert (rows.shape, clauses, server.calls) == ((0, 5), [], [])


UNUSABLE = {
    "truncated": lambda a: chat.as_json(a)[:-9],
    "empty": lambda _: "",
    "no json": lambda _: "I would say that they are in favour.",
    "another object": lambda _: '{"result": []}',
    "a list": lambda a: json.dumps(a),
    "null": lambda _: None,
    "deep": lambda _: '{"answers":' * 3000,
    "wrong ids": lambda a: chat.as_json([{**x, "id": "p" + x["id"]} for x in a]),
    "missing ids": lambda _: chat.as_json([]),
    "duplicate ids": lambda a: chat.as_json(a + a),
    "invented quotation": lambda a: chat.as_json(
        [{**x, "stances": [{"stance": "endorsed", "quote": "Vi elsker det.", "probability": 1}]} for x in a]
    ),
    "no quotation": lambda a: chat.as_json(
        [{**x, "stances": [{"stance": "endorsed", "quote": " ", "probability": 1}]} for x in a]
    ),
    "unknown stance": lambda a: chat.as_json(
        [{**x, "stances": [{"stance": "happy", "quote": "i", "probability": 1}]} for x in a]
    ),
    "no probability": lambda a: chat.as_json(
        [{**x, "stances": [{"stance": "mentioned", "quote": "", "probability": float("nan")}]} for x in a]
    ),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_an_unusable_answer_is_asked_again_alone_then_left_to_the_embedded_judge(server, kind):
    server.behave = chat.text(UNUSABLE[kind])
    judge = judge_at(server, parallel=1)
    rows, clauses = judge.judge_with_clauses(PAIRS[:2])
    assert [len(c.pairs) for c in server.calls] == [2, 1, 1]
    assert counted(judge) == (0, 0, 2)
    np.testing.assert_array_equal(rows, embedded(PAIRS[:2]))
    assert all(c for c in clauses)
    assert judge.usage.tokens_in == 300  # what was paid for counts, used or not


USABLE = {
    "prose around": lambda a: f"Here is my answer:\n```json\n{chat.as_json(a)}\n```\nI hope it helps {{}}.",
    "thinking aloud": lambda a: f'<think>{{"answers": []}} no, wait: {{"answers"</think>{chat.as_json(a)}',
    "numbers for ids": lambda a: chat.as_json([{**x, "id": int(x["id"])} for x in a]),
    "a word before": lambda a: "\n" + json.dumps({"note": "as asked", "answers": a}),
    "more than asked for": lambda a: chat.as_json([{**x, "why": "so"} for x in a] + [{"id": "99", "stances": []}]),
    "not in order": lambda a: chat.as_json(a[::-1]),
    "mentioned beside another": lambda a: chat.as_json(
        [{**x, "stances": [*x["stances"], {"stance": "mentioned", "quote": "", "probability": 1}]} for x in a]
    ),
}


@pytest.mark.parametrize("kind", USABLE)
def test_what_can_be_understood_is_used(server, kind):
    server.behave = chat.text(USABLE[kind])
    judge = judge_at(server)
    assert top(judge.judge(PAIRS)) == EXPECTED
    assert (counted(judge), len(server.calls)) == ((4, 0, 0), 1)


def test_one_bad_answer_spoils_no_other(server):
    server.behave = chat.text(lambda a: chat.as_json([x for x in a if x["stances"][0]["stance"] != "challenged"]))
    judge = judge_at(server)
    rows = judge.judge(PAIRS)
    assert counted(judge) == (3, 0, 1)
    assert judge.usage.reasons == {"left out of the answer": 1}
    np.testing.assert_array_equal(rows[1:2], embedded(PAIRS[1:2]))
    assert [len(c.pairs) for c in server.calls] == [4, 1]


def test_no_stances_at_all_is_mentioned(server):
    server.behave = chat.text(lambda a: chat.as_json([{**x, "stances": []} for x in a]))
    assert top(judge_at(server).judge(PAIRS)) == ["mentioned"] * 4


def test_a_stance_that_is_given_reaches_its_threshold_and_no_other_does(server):
    server.behave = chat.text(
        lambda a: chat.as_json([{**x, "stances": [{**s, "probability": 0.1} for s in x["stances"]]} for x in a])
    )
    judge = judge_at(server)
    reached = judge.judge(PAIRS) >= np.array([judge.thresholds[s] for s in STANCES])
    assert reached.sum(axis=1).tolist() == [1, 1, 1, 1]


TROUBLE = {
    "timeout": (chat.slow, "no answer in time", 3),
    "drops": (chat.dripping, "no answer in time", 3),
    "500": (chat.status(500), "HTTP 500", 9),
    "429": (chat.status(429, retry_after="0"), "HTTP 429", 9),
    "reset": (chat.reset, "the connection broke", 9),
    "huge": (chat.huge, "the answer is too long", 3),
    "not http json": (lambda h, _c, _n: chat.send(h, b"<html>"), "the answer is no chat completion", 3),
    "no choices": (lambda h, _c, _n: chat.send(h, {"choices": []}), "the answer is no chat completion", 3),
}


@pytest.mark.parametrize("kind", TROUBLE)
def test_a_server_in_trouble_loses_nothing_and_is_left_alone_after_three_failures(server, kind):
    server.behave, reason, requests = TROUBLE[kind]
    patience = 0.15 if reason == "no answer in time" else 5
    judge = judge_at(server, parallel=1, pairs=2, answer_bytes=50_000, timeout=patience)
    np.testing.assert_array_equal(judge.judge(PAIRS), embedded(PAIRS))
    assert counted(judge) == (0, 0, 4)
    assert reason in judge.usage.reasons
    assert judge.usage.requests == requests  # two of two pairs, one of one, then none more
    judge.judge([StancePair("En ny passage.", TITLE, TEXT)])
    assert judge.usage.requests == requests


def test_an_endpoint_that_was_left_alone_is_tried_again_after_its_rest(server):
    server.behave = chat.status(500)
    judge = judge_at(server, parallel=1, attempts=1, rest=0.05)
    judge.judge(PAIRS)
    server.behave = chat.well
    time.sleep(0.06)
    assert top(judge.judge(PAIRS)) == EXPECTED


@pytest.mark.parametrize("behaviour", [chat.status(500), chat.reset, chat.status(429, retry_after="0.2")])
def test_trouble_that_passes_costs_attempts_and_no_answer(server, behaviour):
    server.behave = lambda h, c, n: (behaviour if n == 1 else chat.well)(h, c, n)
    judge = judge_at(server)
    assert top(judge.judge(PAIRS)) == EXPECTED
    assert (counted(judge), judge.usage.requests) == ((4, 0, 0), 2)


def test_retry_after_holds_all_requests_for_as_long_as_the_server_says(server):
    server.behave = lambda h, c, n: (chat.status(429, retry_after="0.3") if n == 1 else chat.well)(h, c, n)
    judge = judge_at(server, pairs=1, parallel=2)
    judge.judge(PAIRS[:1])
    assert server.times[1] - server.times[0] >= 0.29


def test_a_wait_longer_than_allowed_is_not_waited_for(server):
    server.behave = chat.status(429, retry_after="3600")
    judge = judge_at(server, pairs=1, parallel=1)
    started = time.monotonic()
    judge.judge(PAIRS)
    assert time.monotonic() - started < 0.5
    assert judge.usage.reasons == {"HTTP 429": 1, "the server asks for a longer wait": 3}
    assert judge.usage.requests == 1


def test_retry_after_is_read_as_seconds_and_as_a_date():
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    assert 28 <= _retry_after(soon) <= 30
    assert _retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0
    assert [_retry_after(v) for v in ("2", "0.5", " 7 ", "-1", "soon", "", None)] == [2, 0.5, 7, None, None, None, None]


def refuses(*names):
    def behave(handler, call, number):
        bad = next((n for n in names if n in json.dumps({k: v for k, v in call.body.items() if k != "messages"})), None)
        return (chat.status(400, f"Unknown parameter: {bad}") if bad else chat.well)(handler, call, number)

    return behave


@pytest.mark.parametrize(
    ("names", "requests", "kept"),
    [
        (["json_schema"], 2, {"response_format", "temperature", "seed"}),
        (["response_format"], 3, {"temperature", "seed"}),
        (["temperature"], 2, {"response_format", "seed"}),
        (["response_format", "temperature", "seed"], 5, set()),
    ],
)
def test_what_a_server_refuses_is_left_out_from_then_on(server, names, requests, kept):
    server.behave = refuses(*names)
    judge = judge_at(server)
    assert top(judge.judge(PAIRS)) == EXPECTED
    assert len(server.calls) == requests
    judge.judge([StancePair("Vi støtter det.", TITLE, TEXT)])
    assert len(server.calls) == requests + 1
    assert set(server.calls[-1].body) == {"model", "messages"} | kept


def test_a_refusal_that_names_nothing_gives_up_the_options_then_the_request(server):
    server.behave = chat.status(400, "context \x1b[31mlength exceeded")
    judge = judge_at(server)
    judge.judge(PAIRS[:1])
    assert len(server.calls) == 3
    assert judge.usage.reasons == {"HTTP 400: context [31mlength exceeded": 1}
    server.behave = chat.well
    judge.judge(PAIRS)
    assert "response_format" in server.calls[-1].body


def test_every_refusal_comes_to_an_end():
    for message in ("", "json_schema", "response_format", "temperature", "seed", "all: response_format temperature"):
        options, steps = ("json_schema", "temperature", "seed"), 0
        while options is not None:
            options, steps = _fewer(options, message), steps + 1
        assert steps <= 6


@pytest.mark.parametrize("code", [401, 403, 404, 301])
def test_a_wrong_key_model_or_address_is_an_error_at_once(server, code):
    server.behave = chat.status(code, "no such thing")
    with pytest.raises(SettingsError, match=rf"HTTP {code}.*POLICYDIFF_API_KEY"):
        judge_at(server).judge(PAIRS)


def test_no_server_is_an_error_at_once():
    judge = LanguageModelJudge("tiny", "http://127.0.0.1:9/v1", requests=RequestSettings(**QUICK))
    with pytest.raises(SettingsError, match="no connection"):
        judge.judge(PAIRS)


def test_a_key_that_stops_working_midway_loses_nothing(server):
    judge = judge_at(server)
    judge.judge(PAIRS[:1])
    server.behave = chat.status(401)
    judge.judge(PAIRS)
    assert counted(judge) == (1, 1, 3)


@pytest.mark.parametrize(
    "url", ["localhost:11434", "ftp://x/v1", "http://", "", "http://me:secret@x/v1", "http://x/v1?k=1"]
)
def test_what_is_no_endpoint_is_refused_without_showing_a_password(url):
    with pytest.raises(SettingsError) as error:
        LanguageModelJudge("tiny", url)
    assert "secret" not in str(error.value)


def test_the_key_is_taken_from_the_environment_and_kept_nowhere(server, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-other")
    monkeypatch.setenv("POLICYDIFF_API_KEY", "sk-mine")
    judge = judge_at(server)
    judge.judge(PAIRS)
    assert server.calls[0].headers["authorization"] == "Bearer sk-mine"
    assert b"sk-" not in pickle.dumps(judge)


def test_contact_data_is_masked_before_it_is_sent_and_offsets_stay(server):
    pair = StancePair(
        "Ring 12 34 56 78, for vi støtter det.", TITLE, TEXT, section="Fra a@b.dk", previous="Mit CPR er 010190-1234."
    )
    rows, ((clause,),) = judge_at(server).judge_with_clauses([pair])
    sent = json.dumps(server.calls[0].body, ensure_ascii=False)
    assert not any(word in sent for word in ("12 34", "a@b.dk", "010190"))
    assert pair.passage[clause[1] : clause[2]] == "støtter"
    assert rows[0, 0] > 0.5
    LanguageModelJudge("tiny", server.url, mask=False).judge([pair])
    assert "a@b.dk" in json.dumps(server.calls[-1].body)


def test_odd_texts_are_sent_and_answered(server):
    odd = ["", " \n", "\ud800 støtter \x00", "█" * 50, "støtter " * 20_000, '"}]} støtter', "{title} {0}"]
    judge = judge_at(server)
    rows, clauses = judge.judge_with_clauses([StancePair(p, "", "") for p in odd])
    assert rows.shape == (7, 5)
    assert counted(judge) == (7, 0, 0)
    assert [odd[2][a:b] for _, a, b in clauses[2]] == ["støtter"]


def test_equal_pairs_are_asked_once(server):
    judge = judge_at(server)
    assert top(judge.judge([PAIRS[0]] * 20)) == ["endorsed"] * 20
    assert len(server.calls[0].pairs) == 1
    assert counted(judge) == (1, 19, 0)


def test_no_more_requests_at_a_time_than_allowed(server):
    def behave(handler, call, number):
        time.sleep(0.02)
        chat.well(handler, call, number)

    server.behave = behave
    pairs = [StancePair(f"Vi støtter sti {n}.", TITLE, TEXT) for n in range(12)]
    judge_at(server, pairs=1, parallel=3).judge(pairs)
    assert 1 < server.most_at_once <= 3


def test_requests_keep_to_the_rate(server):
    judge_at(server, pairs=1, per_minute=600).judge(PAIRS)
    assert max(server.times) - min(server.times) > 0.2  # a tenth of a second from one to the next


def test_batches_keep_all_questions_in_order_within_the_limits():
    questions = [question(StancePair("x" * n, "", ""), mask=True) for n in (5, 5, 50, 1, 1, 1, 1)]
    sizes = [[len(q.passage) for q in b] for b in batches(questions, pairs=3, characters=10)]
    assert sizes == [[5, 5], [50], [1, 1, 1], [1]]


def test_the_cache_serves_the_next_judge_and_holds_no_text(server, tmp_path):
    file = tmp_path / "new" / "answers.sqlite"
    first = judge_at(server, cache=file).judge_with_clauses(PAIRS)
    again = judge_at(server, cache=file)
    rows, clauses = again.judge_with_clauses(PAIRS)
    np.testing.assert_array_equal(rows, first[0])
    assert clauses == first[1]
    assert (counted(again), len(server.calls)) == ((0, 4, 0), 1)
    assert again.estimate(PAIRS).asked == 0
    assert "støtter" not in file.read_bytes().decode("utf-8", errors="ignore")
    LanguageModelJudge("other", server.url, cache=file).judge(PAIRS)
    assert len(server.calls) == 2


def test_answers_that_could_not_be_used_are_not_cached(server, tmp_path):
    server.behave = chat.text(UNUSABLE["invented quotation"])
    judge_at(server, cache=tmp_path / "a").judge(PAIRS)
    server.behave = chat.well
    assert top(judge_at(server, cache=tmp_path / "a").judge(PAIRS)) == EXPECTED


def test_a_damaged_cache_is_set_aside(server, tmp_path):
    file = tmp_path / "answers.sqlite"
    file.write_bytes(b"not a database" * 100)
    judge_at(server, cache=file).judge(PAIRS)
    assert (tmp_path / "answers.sqlite.broken").read_bytes().startswith(b"not a")
    judge_at(server, cache=file).judge(PAIRS)
    assert len(server.calls) == 1


@pytest.mark.parametrize(
    "value",
    [
        "{",
        "[]x",
        '[{"stance": "endorsed", "probability": 0.9, "start": 0, "end": 9999}]',
        '[{"stance": "endorsed", "probability": 0.9, "start": 3, "end": 3}]',
        '[{"stance": "endorsed", "probability": 0.9, "start": 3, "end": null}]',
        '[{"stance": "endorsed", "probability": 7, "start": 0, "end": 2}]',
    ],
)
def test_a_changed_entry_of_the_cache_is_asked_again(server, tmp_path, value):
    import sqlite3

    file = tmp_path / "answers.sqlite"
    judge_at(server, cache=file).judge(PAIRS)
    with sqlite3.connect(file) as database:
        database.execute("UPDATE answers SET value = ?", (value,))
    assert top(judge_at(server, cache=file).judge(PAIRS)) == EXPECTED
    assert len(server.calls) == 2


def test_a_cache_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="name another file"):
        LanguageModelJudge("tiny", "http://localhost:1/v1", cache=tmp_path / "file" / "answers.sqlite")


def test_an_estimate_sends_nothing_and_is_near_what_is_used(server):
    judge = LanguageModelJudge("tiny", server.url, prices=(2.0, 8.0))
    estimate = judge.estimate([*PAIRS, PAIRS[0]])
    assert server.calls == []
    assert (estimate.pairs, estimate.asked, estimate.cached, estimate.requests) == (5, 4, 1, 1)
    assert estimate.cost == pytest.approx((estimate.tokens_in * 2 + estimate.tokens_out * 8) / 1e6)
    server.behave = lambda h, c, _n: chat.say(h, chat.as_json(c.answers()), usage=False)
    judge.judge(PAIRS)
    assert not judge.usage.counted
    assert judge.usage.tokens_in == estimate.tokens_in
    assert judge.usage.tokens_out == pytest.approx(estimate.tokens_out, rel=0.8)
    assert judge.usage.cost > 0


def test_estimates_add_up_over_responses(server):
    estimating = Estimating(LanguageModelJudge("tiny", server.url))
    np.testing.assert_array_equal(estimating.judge(PAIRS[:2]), embedded(PAIRS[:2]))
    estimating.judge(PAIRS[2:])
    estimating.judge([])
    assert (estimating.total.pairs, estimating.total.requests, estimating.total.cost) == (4, 2, None)
    assert server.calls == []


def test_a_pickled_judge_goes_on(server):
    judge = pickle.loads(pickle.dumps(judge_at(server)))  # noqa: S301 our own bytes
    assert top(judge.judge(PAIRS)) == EXPECTED


def test_a_danish_draft_with_english_answers_is_compared_with_quotations_in_place(server, koebenhavn, tmp_path):
    (tmp_path / "en.txt").write_text("We support principle E, because integration is a mutual process.")
    judge = judge_at(server)
    (tmp_path / "da.txt").write_text("Det er et godt mål om sundhed.\n\nVi er imod princip C, som ikke vil virke.")
    result = compare(koebenhavn / "udkast.md", [tmp_path / "en.txt", tmp_path / "da.txt"], judge=judge)
    assert result.provenance.models["judge"] == judge.name
    assert {r.language for r in result.responses} == {"da", "en"}
    assert counted(judge)[2] == 0
    assert judge.usage.pairs == len(result.findings)
    (english,) = [f for f in result.findings if f.accepted and f.passage_id.startswith("r1/")]
    assert english.labels == ("endorsed",)


def test_pairs_that_fall_back_are_judged_in_their_own_language(server):
    server.behave = chat.status(500)
    pairs = [StancePair("We oppose the plan and it should be dropped.", TITLE, TEXT), PAIRS[1]]
    judge = judge_at(server, attempts=1)
    rows = judge.judge(pairs)
    np.testing.assert_array_equal(rows[:1], EmbeddedJudge("en").judge(pairs[:1]))
    np.testing.assert_array_equal(rows[1:], EmbeddedJudge("da").judge(pairs[1:]))
