"""Every fault and every threat of fetching has tests that bear on it: the table, held to the tree.

Here belongs the way from a fault's number to the tests that go red without its guard. What each
number means stands in the words beside it; the tests lie where their subject does.
"""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]

TABLE: dict[str, tuple[str, tuple[str, ...]]] = {
    "F01": (
        "Retry-After is waited for, within reason",
        ("test_a_server_is_waited_for_as_it_asks", "test_any_header_gives_a_pause"),
    ),
    "F02": (
        "a throttled page is asked again and nothing is lost",
        ("test_throttled_and_failing_pages_are_asked_again_and_nothing_is_lost",),
    ),
    "F03": (
        "a server that fails for good ends in one failure, and the others go on",
        (
            "test_what_does_not_pass_ends_in_a_failure_and_no_chip",
            "test_one_bad_asset_does_not_harm_the_others",
        ),
    ),
    "F04": (
        "nobody at home",
        ("test_a_closed_port_is_a_failure", "test_a_name_without_an_address_may_pass"),
    ),
    "F05": (
        "bytes that drip or stall",
        (
            "test_a_server_that_never_answers_is_left_in_time",
            "test_an_answer_that_drips_is_left_in_time",
        ),
    ),
    "F06": (
        "missing bytes are never zeros",
        ("test_no_compression_turns_missing_bytes_into_zeros",),
    ),
    "F07": (
        "a range that was ignored",
        ("test_an_answer_that_does_not_say_which_bytes_it_holds_is_refused",),
    ),
    "F08": (
        "a login page is no raster",
        ("test_what_does_not_pass_ends_in_a_failure_and_no_chip",),
    ),
    "F09": (
        "an object that is replaced while it is read",
        ("test_what_passes_ends_in_the_right_pixels", "test_every_fault_has_its_test"),
    ),
    "F10": ("200 of 200 flipped bits", ("test_f10_of_200_flipped_bits_200_are_noticed",)),
    "F11": (
        "mangled headers",
        (
            "test_f11_500_mangled_headers_kill_and_hang_nobody",
            "test_a_mangled_header_gives_a_chip_or_our_own_error",
        ),
    ),
    "F12": (
        "a signature that ran out",
        (
            "test_a_token_issued_already_expired_is_asked_for_once_more",
            "test_a_token_that_is_refused_is_renewed_once",
        ),
    ),
    "F13": (
        "a scene processed anew",
        (
            "test_f13_a_reprocessed_scene_lies_beside_the_old_one",
            "test_f13_a_replaced_band_brings_the_whole_scene_anew",
        ),
    ),
    "F14": ("a wrong offset", ("test_four_combinations_of_numbers_and_flag",)),
    "F15": (
        "several items of one overpass",
        ("test_the_order_of_the_listing_does_not_matter", "test_the_rule"),
    ),
    "F16": (
        "tiles that overlap",
        (
            "test_overlapping_tiles_are_one_date_and_no_pixel_counts_twice",
            "test_two_zones_are_merged_on_the_grid_of_the_site",
        ),
    ),
    "F17": (
        "the 180th meridian",
        ("test_a_boundary_across_the_antimeridian_is_refused",),
    ),
    "F18": (
        "a band that is missing",
        (
            "test_a_band_that_is_missing_is_a_failure_unless_it_is_optional",
            "test_an_optional_band_that_one_scene_lacks_is_left_out",
        ),
    ),
    "F19": (
        "a file that is not what its item says",
        ("test_f19_a_file_that_is_not_what_its_item_says_is_refused",),
    ),
    "F20": (
        "nothing seen is no answer",
        (
            "test_all_cloud_is_an_error_with_a_remedy",
            "test_clouds_over_the_zone_are_never_read_as_nothing_happened",
        ),
    ),
    "F21": (
        "an empty search",
        ("test_an_empty_answer_names_site_source_period_and_remedy",),
    ),
    "F22": (
        "listings that are incomplete, circular or foreign",
        ("test_an_incomplete_listing_is_an_error", "test_another_host_is_refused_and_never_asked"),
    ),
    "S01": (
        "addresses that nobody may ask",
        (
            "test_addresses_that_may_not_be_asked",
            "test_nothing_is_sent_to_an_address_that_is_refused",
            "test_a_name_that_leads_home_is_never_asked",
            "test_addresses_that_no_catalogue_may_name",
        ),
    ),
    "S02": (
        "another format under the name of a TIFF",
        ("test_s02_a_disguised_file_opens_nothing_and_makes_nothing",),
    ),
    "S03": ("sidecars", ("test_sidecars_change_nothing",)),
    "S04": ("a second door to GDAL", ("test_s04_nothing_else_opens_a_raster",)),
    "S05": (
        "bombs",
        (
            "test_a_bomb_is_refused_before_it_is_read",
            "test_s05_a_header_that_asks_for_too_much_is_refused",
        ),
    ),
    "S06": (
        "documents without end",
        (
            "test_an_answer_without_end_is_cut_off",
            "test_a_packed_answer_is_measured_unpacked",
        ),
    ),
    "S07": (
        "ids that are paths",
        (
            "test_names_of_strangers_never_leave_the_folder",
            "test_path_like_ids_become_slugs",
        ),
    ),
}
"""Words and tests by number: F01 to F22 and S01 to S07."""


@cache
def names_of_tests() -> frozenset[str]:
    """Every test function in the tree."""
    trees = (ast.parse(path.read_text(encoding="utf-8")) for path in TESTS.rglob("test_*.py"))
    return frozenset(
        node.name
        for tree in trees
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    )


@pytest.mark.parametrize("number", sorted(TABLE))
def test_every_fault_has_tests_that_exist(number: str) -> None:
    words, tests = TABLE[number]
    assert words
    assert tests
    assert not set(tests) - names_of_tests()


def test_the_table_is_whole() -> None:
    faults = {f"F{number:02}" for number in range(1, 23)}
    threats = {f"S{number:02}" for number in range(1, 8)}
    assert set(TABLE) == faults | threats
