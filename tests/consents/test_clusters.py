"""Permissions in plain words."""

from consents.screens.clusters import clusters_of


def titles(*permissions: str) -> list[str]:
    return [str(cluster.title) for cluster in clusters_of(permissions)]


def test_codes_of_one_kind_of_data_share_a_cluster_in_a_fixed_order() -> None:
    assert titles("ReadTransactionsDetail", "ReadBalances", "ReadTransactionsCredits") == [
        "Your balances",
        "Your transactions",
    ]


def test_a_cluster_says_only_what_was_asked_for() -> None:
    (cluster,) = clusters_of(["ReadAccountsBasic"])
    assert [str(line) for line in cluster.lines] == ["The name, type and currency of the account"]


def test_a_code_without_words_is_shown_rather_than_hidden() -> None:
    (cluster,) = clusters_of(["ReadSomethingNew"])
    assert (str(cluster.title), cluster.lines) == ("Other data", ("ReadSomethingNew",))
