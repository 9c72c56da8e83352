"""Every fault and every threat in the table has tests that bear on it, held to the tree.

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
        (
            "test_a_server_is_waited_for_as_it_asks",
            "test_any_header_gives_a_pause",
            "test_f01_ranges_are_asked_again_after_the_pause_that_the_server_asks_for",
        ),
    ),
    "F02": (
        "a throttled page is asked again and nothing is lost",
        (
            "test_throttled_and_failing_pages_are_asked_again_and_nothing_is_lost",
            "test_a_page_that_never_comes_is_an_error_and_no_short_list",
        ),
    ),
    "F03": (
        "a server that fails for good is one failure, the others go on, the run is partial",
        (
            "test_what_does_not_pass_ends_in_a_failure_and_no_chip",
            "test_one_bad_asset_does_not_harm_the_others",
            "test_only_what_may_pass_is_asked_again",
            "test_f03_a_run_with_failures_is_partial_and_names_what_gave_way",
            "test_f03_a_run_with_failures_ends_in_three",
            "test_fetch_that_is_incomplete_says_why_and_ends_in_three",
        ),
    ),
    "F04": (
        "nobody at home, whether that is said or not",
        (
            "test_a_closed_port_is_a_failure",
            "test_a_name_without_an_address_may_pass",
            "test_f04_a_connection_that_is_never_made_is_left_in_time",
            "test_f04_an_asset_behind_a_connection_that_is_never_made_is_a_failure",
            "test_f04_a_name_that_is_never_resolved_is_left_in_time",
        ),
    ),
    "F05": (
        "bytes that drip or stall",
        (
            "test_a_server_that_never_answers_is_left_in_time",
            "test_an_answer_that_drips_is_left_in_time",
            "test_what_does_not_pass_ends_in_a_failure_and_no_chip",
            "test_faults_of_whole_files_leave_neither_chip_nor_file",
        ),
    ),
    "F06": (
        "missing bytes are never zeros",
        (
            "test_no_compression_turns_missing_bytes_into_zeros",
            "test_a_remote_file_cut_short_is_a_failure",
            "test_faults_of_whole_files_leave_neither_chip_nor_file",
        ),
    ),
    "F07": (
        "a range that was ignored",
        (
            "test_an_answer_that_does_not_say_which_bytes_it_holds_is_refused",
            "test_what_does_not_pass_ends_in_a_failure_and_no_chip",
        ),
    ),
    "F08": (
        "a login page is no raster",
        (
            "test_what_does_not_pass_ends_in_a_failure_and_no_chip",
            "test_faults_of_whole_files_leave_neither_chip_nor_file",
        ),
    ),
    "F09": (
        "an object that is replaced while it is read",
        (
            "test_f09_two_sound_versions_are_never_mixed",
            "test_what_passes_ends_in_the_right_pixels",
            "test_what_does_not_pass_ends_in_a_failure_and_no_chip",
            "test_every_fault_has_its_test",
        ),
    ),
    "F10": (
        "200 of 200 flipped bits, and what nothing proves is said to be so",
        (
            "test_f10_of_200_flipped_bits_200_are_noticed",
            "test_f10_the_hash_of_the_numbers_holds_where_that_of_the_file_is_fooled",
            "test_a_stated_checksum_is_proven",
            "test_a_whole_file_is_held_against_its_checksum",
            "test_a_window_of_a_remote_file_is_unverifiable_even_with_a_checksum",
            "test_the_record_says_how_the_offset_was_decided_and_what_is_unverifiable",
        ),
    ),
    "F11": (
        "mangled headers",
        (
            "test_f11_500_mangled_headers_kill_and_hang_nobody",
            "test_f11_the_directories_are_walked_before_the_reader_sees_them",
            "test_a_header_that_cannot_be_is_refused",
            "test_a_mangled_header_gives_a_chip_or_our_own_error",
            "test_a_mangled_header_gives_pixels_or_our_own_error",
        ),
    ),
    "F12": (
        "a signature that ran out",
        (
            "test_a_token_issued_already_expired_is_asked_for_once_more",
            "test_a_token_that_is_about_to_run_out_is_renewed_before_it_is_used",
            "test_a_token_that_is_refused_is_renewed_once",
            "test_a_second_refusal_is_a_failure_without_the_token",
            "test_f12_no_error_of_a_read_holds_the_signature",
            "test_keys_that_are_refused_are_tried_once_more_and_not_printed",
            "test_what_does_not_pass_ends_in_a_failure_and_no_chip",
        ),
    ),
    "F13": (
        "a scene processed anew",
        (
            "test_f13_a_reprocessed_scene_lies_beside_the_old_one",
            "test_f13_each_baseline_finds_its_own_version_only",
            "test_f13_a_replaced_band_brings_the_whole_scene_anew",
            "test_f13_a_reprocessed_scene_is_said_to_have_changed_upstream",
        ),
    ),
    "F14": (
        "a wrong offset",
        ("test_four_combinations_of_numbers_and_flag",),
    ),
    "F15": (
        "several items of one overpass",
        (
            "test_the_order_of_the_listing_does_not_matter",
            "test_the_rule",
            "test_all_else_equal_the_last_id_is_kept",
            "test_one_instant_is_one_overpass_whatever_the_keys",
            "test_what_gave_way_is_listed",
            "test_f03_a_run_with_failures_is_partial_and_names_what_gave_way",
        ),
    ),
    "F16": (
        "tiles that overlap",
        (
            "test_overlapping_tiles_are_one_date_and_no_pixel_counts_twice",
            "test_two_zones_are_merged_on_the_grid_of_the_site",
            "test_the_tile_that_holds_the_whole_site_is_taken_alone_in_every_order",
            "test_tiles_are_put_together_only_where_none_holds_the_whole_site",
        ),
    ),
    "F17": (
        "the 180th meridian, the poles, and boxes without area",
        (
            "test_a_boundary_across_the_antimeridian_is_refused",
            "test_f17_any_box_on_the_globe_is_refused_or_can_be_searched_and_measured",
        ),
    ),
    "F18": (
        "a band that is missing",
        (
            "test_a_band_that_is_missing_is_a_failure_unless_it_is_optional",
            "test_an_optional_band_that_one_scene_lacks_is_left_out",
            "test_a_coarser_asset_goes_before_jpeg_2000",
            "test_a_band_that_is_there_as_jpeg_2000_only_is_kept",
            "test_every_band_of_a_missing_half_is_a_failure_of_the_fetch",
        ),
    ),
    "F19": (
        "a file that is not what its item says",
        (
            "test_f19_a_file_that_is_not_what_its_item_says_is_refused",
            "test_f19_another_zone_is_refused",
        ),
    ),
    "F20": (
        "nothing seen is no answer",
        (
            "test_all_cloud_is_an_error_with_a_remedy",
            "test_clouds_are_never_read_as_nothing_happened",
            "test_a_zone_of_bright_roofs_is_masked_more_often_than_the_controls",
            "test_before_the_first_and_after_the_last_look_nothing_was_seen",
        ),
    ),
    "F21": (
        "an empty search, a renamed collection, and scenes that are not listed any more",
        (
            "test_an_empty_answer_names_site_source_period_and_remedy",
            "test_f21_scenes_that_are_gone_are_counted_and_named",
            "test_what_lies_outside_the_period_is_not_missed",
            "test_the_remark_is_the_difference_of_two_sets",
            "test_f21_a_collection_that_gives_way_to_another_is_named",
            "test_f21_a_scene_that_is_gone_is_a_remark_in_the_record_and_no_error",
            "test_f21_an_empty_listing_says_what_is_held",
            "test_f21_a_renamed_collection_says_what_is_held",
            "test_f21_what_is_said_of_the_listing_stands_on_the_page",
        ),
    ),
    "F22": (
        "listings that are incomplete, circular or foreign",
        (
            "test_an_incomplete_listing_is_an_error",
            "test_another_host_is_refused_and_never_asked",
            "test_more_items_than_allowed_are_refused",
            "test_links_that_are_not_followed",
            "test_a_circle_of_links_is_refused",
        ),
    ),
    "F23": (
        "civil days of the site, whatever clock the host has",
        (
            "test_pyongyang_moved_its_clocks",
            "test_a_day_is_as_long_as_its_minutes",
            "test_days_in_a_row_leave_no_gap_and_no_overlap",
            "test_f23_windows_are_civil_days_of_the_site",
            "test_f23_a_window_never_depends_on_where_the_host_stands",
        ),
    ),
    "B05": (
        "ids that are paths, look-alikes, endless or reversed",
        (
            "test_an_id_that_is_no_slug_is_refused",
            "test_b05_an_id_is_a_slug_or_is_refused",
            "test_b05_an_id_of_a_table_is_a_slug_or_is_refused",
            "test_b05_a_zone_id_that_is_no_slug_is_refused",
        ),
    ),
    "B06": (
        "nothing is guessed of a value, and nothing stands twice",
        (
            "test_b06_what_yaml_would_guess_is_refused_by_line",
            "test_an_enemy_is_named_with_its_line",
            "test_a_prediction_that_cannot_be_is_refused_by_its_line",
        ),
    ),
    "B07": (
        "what a spreadsheet does to a table of claims",
        (
            "test_a_formula_is_refused_and_the_other_claims_go_on",
            "test_text_stays_text",
            "test_what_counts_something_is_a_plain_number",
            "test_other_encodings_are_refused_with_their_line",
            "test_a_byte_order_mark_and_any_line_end_are_taken",
            "test_a_head_that_is_not_ours_is_refused",
            "test_rows_of_another_length_are_refused_one_by_one",
            "test_quotes_that_do_not_close_are_refused_by_line",
            "test_a_megabyte_is_the_end",
            "test_any_bytes_end_in_records_or_in_our_own_error",
            "test_a_formula_is_only_text",
        ),
    ),
    "B08": (
        "dates that cannot be, and dates to come",
        (
            "test_an_impossible_time_is_refused",
            "test_times_that_no_window_can_be_made_of_are_refused",
            "test_a_time_to_come_is_accepted",
            "test_b08_a_time_to_come_is_accepted_and_not_observable",
            "test_before_the_first_and_after_the_last_look_nothing_was_seen",
            "test_windows_are_taken_exactly_when_no_day_is_in_both",
        ),
    ),
    "B09": (
        "an unknown zone, sensor or observable; a claim without a source",
        (
            "test_b09_an_unknown_zone_sensor_or_observable_and_a_missing_source",
            "test_a_zone_that_the_site_lacks_is_refused",
            "test_a_missing_key_is_named_at_the_head_of_its_record",
            "test_the_other_claims_go_on",
            "test_a_bad_claim_is_left_out_by_line_and_the_others_go_on",
        ),
    ),
    "B10": (
        "sources that are not there, or not the ones that were read",
        (
            "test_every_byte_of_an_article_counts",
            "test_a_missing_article_is_named_for_source_and_claims",
            "test_an_invalid_source_does_not_make_its_claims_strangers",
        ),
    ),
    "B11": (
        "settings that are unknown, out of bounds or altered",
        (
            "test_a_wrong_setting_is_named",
            "test_a_missing_file_and_broken_toml_are_named",
            "test_settings_cannot_be_altered_afterwards",
        ),
    ),
    "B12": (
        "text that would act is only text",
        (
            "test_b12_nasty_text_travels_letter_by_letter_and_does_nothing",
            "test_hostile_text_is_shown_and_does_nothing",
            "test_hostile_text_stays_text",
            "test_a_statement_goes_from_the_table_to_the_noun_letter_by_letter",
            "test_whatever_is_written_is_read_back",
        ),
    ),
    "S01": (
        "addresses that nobody may ask",
        (
            "test_addresses_that_may_not_be_asked",
            "test_nothing_is_sent_to_an_address_that_is_refused",
            "test_a_name_that_leads_home_is_never_asked",
            "test_addresses_that_no_catalogue_may_name",
            "test_a_redirect_to_a_private_host_is_never_followed",
            "test_redirects_that_are_refused",
            "test_connections_that_are_not_made",
            "test_no_private_number_is_asked_in_any_family",
        ),
    ),
    "S02": (
        "another format under the name of a TIFF",
        ("test_s02_a_disguised_file_opens_nothing_and_makes_nothing",),
    ),
    "S03": (
        "sidecars",
        ("test_sidecars_change_nothing",),
    ),
    "S04": (
        "a second door to GDAL",
        (
            "test_s04_nothing_else_opens_a_raster",
            "test_s04_the_door_holds_after_a_library_has_let_vrt_in",
        ),
    ),
    "S05": (
        "bombs",
        (
            "test_a_bomb_is_refused_before_it_is_read",
            "test_s05_a_header_that_asks_for_too_much_is_refused",
            "test_s05_a_remote_image_that_asks_for_too_much_is_refused_by_its_header",
            "test_a_header_that_cannot_be_is_refused",
            "test_a_chain_of_many_directories_is_refused",
            "test_many_tags_that_are_each_possible_are_refused_together",
            "test_impossible_ranges_are_never_asked",
            "test_a_chip_that_would_fill_the_memory_is_refused",
        ),
    ),
    "S06": (
        "documents without end, or without bottom",
        (
            "test_an_answer_without_end_is_cut_off",
            "test_a_packed_answer_is_measured_unpacked",
            "test_s06_a_document_without_end_is_refused_before_it_is_read",
            "test_s06_a_document_that_is_too_deep_is_an_error_with_either_parser",
            "test_a_service_that_makes_no_sense_is_a_failure_without_its_words",
            "test_what_is_no_catalogue_is_refused_by_name",
            "test_documents_that_are_no_catalogue",
            "test_a_file_that_is_no_geojson_is_refused",
        ),
    ),
    "S07": (
        "ids that are paths, and links that lead away",
        (
            "test_names_of_strangers_never_leave_the_folder",
            "test_path_like_ids_become_slugs",
            "test_a_link_is_not_taken_for_a_chip",
            "test_links_stay_inside_the_folder",
            "test_assets_stay_inside_the_folder",
            "test_an_asset_that_is_a_link_out_is_refused",
            "test_a_site_id_that_is_no_slug_is_refused",
            "test_a_run_id_that_is_no_hash_is_refused",
        ),
    ),
}
"""Words and tests by number: F01 to F23, B05 to B12 and S01 to S07."""


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
    faults = {f"F{number:02}" for number in range(1, 24)}
    inputs = {f"B{number:02}" for number in range(5, 13)}
    threats = {f"S{number:02}" for number in range(1, 8)}
    assert set(TABLE) == faults | inputs | threats
