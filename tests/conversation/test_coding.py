"""The coded record: GBVIMS codes, one derived type of incident, contexts that are never asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conversation.coding import CONTEXTS, TYPE, TYPES, coded
from conversation.state import Value
from tests.conversation.test_main_interview import shipped

OF_ACT = {
    "penetration": "rape",
    "sexual_contact": "sexual_assault",
    "forced_acts": "sexual_assault",
    "genital_harm": "sexual_assault",
    "beaten": "physical_assault",
    "forced_marriage": "forced_marriage",
    "denied": "denial_of_resources_opportunities_or_services",
    "undressed": "psychological_emotional_abuse",
    "threats": "psychological_emotional_abuse",
    "other": "non-gbv",
}
ANSWERS: dict[str, Value] = {"age_band": "18_25", "acts": ["penetration"], "held": "none"}


@given(st.sets(st.sampled_from(sorted(OF_ACT)), min_size=1))
def test_the_type_is_the_first_that_applies(acts: set[str]) -> None:
    """One value, the gravest in the order of GBVIMS, whatever the order of the answers."""
    record = coded(shipped(), {"acts": sorted(acts)})
    assert record["account"][TYPE] == min((OF_ACT[act] for act in acts), key=TYPES.index)


@pytest.mark.parametrize(
    ("answers", "context"),
    [
        ({"who_group": "partner"}, "intimate_partner_violence"),
        ({"age_band": "12_17"}, "child_sexual_abuse"),
        ({"age_band": "12_17", "acts": ["forced_marriage"]}, "early_marriage"),
        ({"goods": "true"}, "possible_sexual_exploitation"),
        ({"held": "trafficked"}, "possible_sexual_slavery"),
    ],
)
def test_contexts_are_derived(answers: dict[str, Value], context: str) -> None:
    """Each from the answers that it is defined by."""
    found = coded(shipped(), {**ANSWERS, **answers})["account"][CONTEXTS]
    assert isinstance(found, list)
    assert context in found


def test_without_an_account_there_is_no_type() -> None:
    """Skipped is not coded, and nothing of part 2 is made up."""
    record = coded(shipped(), {"age_band": "18_25", "acts": None, "needs": ["unsure"]})
    assert record == {"brief": {"gbvims.age_group": "18_25"}}


def test_codes_stay_in_their_compartment() -> None:
    """Who did it is coded with the perpetrator, never with the account."""
    record = coded(shipped(), {**ANSWERS, "who_group": "army"})
    assert record["perpetrator"] == {
        "gbvims.perpetrator_occupation": "state_military",
        "mrm.armed_actor_type": "national_army",
    }
    assert not [code for code in record["account"] if "perpetrator" in code]
