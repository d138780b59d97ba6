"""HTML forms are read as a browser reads them."""

from portal.obctl.forms import read_page

PAGE = """
<!doctype html><title>Share your accounts</title>
<form action="/sign-out" method="post"><input type="hidden" name="csrf" value="t"><button>Sign out</button></form>
<a href="https://third-party.example/callback?error=x">Back</a>
<script>var text = "<form action='/evil'>";</script>
<form method="post">
  <input type="hidden" name="csrf" value="t">
  <label for="a1">Everyday account ••1234</label> <input type="checkbox" id="a1" name="account_ids" value="one">
  <label><input type="checkbox" name="account_ids" value="two" checked> Savings</label>
  <label><input type="radio" name="pay" value="x"> <span>X</span></label>
  <input type="radio" name="pay" value="y" checked>
  <select name="term"><option value="1">one</option><option value="2" selected>two</option></select>
  <textarea name="note">hello</textarea>
  <input name="off" value="z" disabled>
  <button type="submit" name="decision" value="approve">Share</button>
  <button type="submit" name="decision" value="decline">Do not share</button>
  <button type="button" name="other">Other</button>
</form>
"""


def test_a_form_is_sent_as_a_browser_sends_it():
    page = read_page(PAGE, url="https://bank.example/authorise/1")
    sign_out, answer = page.forms

    assert page.title == "Share your accounts"
    assert sign_out.action == "https://bank.example/sign-out"
    assert answer.action == "https://bank.example/authorise/1"
    assert answer.submission(answer.button("decision", "approve")) == [
        ("csrf", "t"),
        ("account_ids", "two"),
        ("pay", "y"),
        ("term", "2"),
        ("note", "hello"),
        ("decision", "approve"),
    ]


def test_labels_are_found_whether_they_stand_beside_or_around():
    boxes = read_page(PAGE, url="https://bank.example/").forms[1].of_kind("checkbox", "radio")

    assert [box.label for box in boxes] == ["Everyday account ••1234", "Savings", "X", ""]


def test_links_are_absolute_and_scripts_are_no_forms():
    page = read_page(PAGE, url="https://bank.example/authorise/1")

    assert page.links == ["https://third-party.example/callback?error=x"]
    assert len(page.forms) == 2
