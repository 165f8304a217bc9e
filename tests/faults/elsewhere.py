"""Rows of the fault matrix that are no fault of the wire, and the tests that cover them."""

from __future__ import annotations

# By row, by module under tests/.
ELSEWHERE: dict[int, dict[str, tuple[str, ...]]] = {
    # The pool is exhausted.
    5: {
        "faults.test_scenarios": (
            "test_calls_beyond_the_connections_wait_and_find_all_of_them_whole",
        ),
        "test_exchange": ("test_the_deadline_covers_the_wait_for_a_connection",),
    },
    # 401 in the middle of a batch.
    37: {
        "faults.test_scenarios": (
            "test_a_key_that_is_withdrawn_in_a_batch_stops_it_with_the_rest_untouched",
        ),
        "test_batches": ("test_a_key_that_is_withdrawn_in_the_middle_stops_the_batch",),
    },
    # 404 and 400 at the first fifty links.
    38: {
        "faults.test_scenarios": ("test_fifty_answers_of_one_kind_stop_a_batch",),
    },
    39: {
        "faults.test_scenarios": ("test_fifty_answers_of_one_kind_stop_a_batch",),
    },
    # A reply too many, in every place where one can lie.
    41: {
        "faults.test_unasked": (
            "test_what_comes_with_a_reply_answers_nobody",
            "test_what_comes_in_a_record_of_its_own_answers_nobody",
            "test_what_comes_to_an_idle_connection_answers_nobody",
        ),
    },
    # A cancellation while waiting for the gate, a slot, connecting, writing, reading, the journal.
    43: {
        "test_sweeps": ("test_a_cancellation_anywhere_leaves_nothing_behind",),
        "test_gate": (
            "test_a_caller_that_is_cancelled_leaves_the_queue",
            "test_a_slot_granted_to_a_caller_that_is_cancelled_goes_to_the_next",
        ),
        "test_lanes": (
            "test_a_call_cancelled_while_it_connects_is_never_sent",
            "test_a_source_is_left_alone_once_a_cancelled_call_has_ended",
            "test_a_cancelled_call_lets_its_connection_go_at_once",
        ),
        "test_open_connections": ("test_a_native_cancellation_at_any_turn_leaves_no_connection",),
        "test_temporary": (
            "test_10_000_cancelled_deletes_leave_all_ten_slots_usable",
            "test_10_000_natively_cancelled_deletes_leave_all_ten_slots_usable",
        ),
        "cleanup.test_cancellation": (
            "test_a_batch_that_is_cancelled_anywhere_has_one_true_outcome_for_each_link_it_took",
            "test_a_job_that_is_cancelled_anywhere_is_finished_by_the_next_run",
        ),
    },
    # The event loop is closed, or another one.
    44: {
        "test_life_cycle": (
            "test_use_in_a_second_event_loop_says_the_mend",
            "test_use_of_the_fast_lane_in_a_second_event_loop_says_the_mend",
        ),
    },
    # One client in two threads.
    45: {
        "test_life_cycle_elsewhere": (
            "test_of_two_threads_that_first_use_a_client_at_once_one_has_it",
            "test_use_in_a_second_thread_is_refused_and_harms_nothing",
            "test_use_of_the_fast_lane_in_a_second_thread_is_refused_and_harms_nothing",
        ),
    },
    # A fork after use.
    46: {
        "test_life_cycle_elsewhere": (
            "test_use_in_a_forked_child_is_refused_at_once",
            "test_use_in_a_loop_of_the_forked_child_is_refused",
            "test_a_client_that_was_never_used_is_the_forked_childs_to_use",
        ),
    },
    # Used after its end.
    47: {
        "test_life_cycle": (
            "test_a_closed_client_says_so",
            "test_calls_that_wait_when_the_client_is_closed_end",
        ),
    },
    # Never closed.
    48: {
        "test_life_cycle": ("test_a_client_that_is_never_closed_warns",),
        "test_life_cycle_ends": (
            "test_a_client_that_is_never_closed_is_told_of_with_the_place_where_it_was_made",
        ),
    },
    # The clock jumps, the machine sleeps.
    49: {
        "faults.test_scenarios": ("test_connections_from_before_a_sleep_are_not_used_after_it",),
        "test_pacer": (
            "test_a_machine_that_slept_makes_nothing_up_for",
            "test_who_slept_through_a_pause_still_sends_one_probe",
        ),
    },
    # The disk is full; the journal is locked or may only be read.
    50: {
        "cleanup.test_disk": (
            "test_a_disk_that_gets_full_stops_the_job_and_room_lets_it_go_on",
            "test_a_disk_that_is_full_already_lets_nothing_be_sent",
            "test_a_journal_on_a_read_only_disk_is_told_before_anything_is_sent",
        ),
        "test_writer": (
            "test_a_locked_file_is_told_and_tried_again",
            "test_a_full_disk_is_told_and_loses_nothing",
        ),
    },
    # The input changes, or is no clean list.
    51: {
        "cleanup.test_disk": ("test_a_changed_file_does_not_go_on",),
        "cleanup.test_guards": ("test_an_input_that_changes_after_it_was_read_stops_the_job",),
        "cleanup.test_sources": (
            "test_line_ends_marks_blank_lines_and_white_space_do_not_matter",
            "test_a_line_that_is_no_text_is_told_with_its_number_before_anything_is_sent",
        ),
        "test_batches": ("test_a_repeated_link_is_sent_once_and_shares_the_outcome",),
    },
    # Two jobs on one journal.
    52: {
        "cleanup.test_disk": ("test_a_second_job_on_the_same_journal_is_told_who_has_it",),
        "cleanup.test_guards": ("test_two_names_of_one_journal_are_one_journal",),
    },
    # A service that counts what it refuses.
    53: {
        "test_limits": ("test_600_a_minute_are_nearly_all_used_and_seldom_exceeded",),
    },
    # The key is changed in the middle of a job.
    54: {
        "test_batches": ("test_a_401_in_the_middle_is_asked_again_since_keys_are_changed",),
        "cleanup.test_guards": ("test_after_the_right_key_nothing_is_lost",),
    },
    # A worker is killed, or stopped for a while.
    55: {
        "faults.test_scenarios": (
            "test_a_worker_that_was_stopped_in_the_middle_of_a_call_tells_the_truth",
        ),
        "cleanup.test_kills": (
            "test_a_job_that_is_killed_again_and_again_loses_nothing_and_repeats_little",
        ),
        "cleanup.test_disk": ("test_the_lock_of_a_killed_job_is_nobodys",),
    },
}
