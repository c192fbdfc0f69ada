"""The codes an answer may land in, and their values: GBVIMS as the Incident Recorder exports it.

Immutable: retire a value, never relabel it; a relabelled list corrupts every statistic before it.
``relais.…`` are the project's own codes; their values stand with the documents that use them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

OWN: Final = "relais."
"""Beginning of the project's own code names."""
UNCODED: Final = frozenset({"unsure", "none", "just_tell", "elsewhere", "ongoing"})
"""Options that say nothing a code list holds; they are not coded (see ``coding``)."""

_YES_NO: Final = "true false"
_AGES: Final = "0_11 12_17 18_25 26_40 41_60 61"
_LISTS: Final = {
    "gbvims.age_group": _AGES,
    "gbvims.sex": "female male other",
    "gbvims.gbv_type": (
        "rape sexual_assault physical_assault forced_marriage "
        "denial_of_resources_opportunities_or_services psychological_emotional_abuse non-gbv"
    ),
    "gbvims.gbv_previous_incidents": _YES_NO,
    "gbvims.harmful_traditional_practice": _YES_NO,
    "gbvims.goods_money_exchanged": _YES_NO,
    "gbvims.displacement_status": (
        "resident idp refugee stateless_person returnee foreign_national asylum_seeker migrant "
        "host_community other"
    ),
    "gbvims.stage_of_displacement": (
        "not_displaced pre_displacement during_flight during_refuge during_return_transit "
        "post_displacement"
    ),
    "gbvims.time_of_day": "morning afternoon evening_night unknown",
    "gbvims.marital_status": "single married_cohabitating divorced_separated widowed",
    "gbvims.disability_type": "no mental_disability physical_disability both",
    "gbvims.unaccompanied_separated_status": (
        "no unaccompanied_minor separated_child other_vulnerable_child"
    ),
    "gbvims.abduction": "none forced_conscription trafficked other_abduction_kidnapping",
    "gbvims.reported_elsewhere": "no gbvims-org non-gbvims-org",
    "gbvims.perpetrator_count": "equal_to_1 equal_to_2 equal_to_3 more_than_3 unknown",
    "gbvims.perpetrator_sex": "female male both",
    "gbvims.perpetrator_age": f"{_AGES} unknown",
    "gbvims.perpetrator_relationship": (
        "intimate_partner_former_partner primary_caregiver family_other_than_spouse_or_caregiver "
        "supervisor_employer schoolmate teacher_school_official service_provider "
        "cotenant_housemate family_friend_neighbor other_refugee_idp_returnee "
        "other_resident_community_member other no_relation unknown"
    ),
    "gbvims.perpetrator_occupation": (
        "farmer student civil_servant police state_military trader_business_owner "
        "non_state_armed_actor security_official camp_community_leader religious_leader teacher "
        "un_staff ngo_staff cbo_staff community_volunteer health_worker unemployed unknown other "
        "smuggler_trafficker"
    ),
    "gbvims.place": (
        "bush_forest garden_cultivated_field school road client_home perpetrator_home other "
        "check_point health_facility market police_station religious_center abandoned_building "
        "shelter_safe_house camp distribution_site transportation latrine work_place "
        "prison_detention water_point border transit_center screening_center online"
    ),
    "gbvims.referred_from": (
        "health_medical_services psychosocial_counseling_services police_other_security_actor "
        "legal_assistance_services livelihoods_program self_referral_first_point_of_contact "
        "teacher_school_official community_or_camp_leader safe_house_shelter "
        "other_humanitarian_or_development_actor other_government_service family_friends other"
    ),
    "gbvims.service_type": (
        "safehouse_service health_medical_service psychosocial_service police_other_service "
        "legal_assistance_service livelihoods_service child_protection_service education_service "
        "nfi_clothes_shoes_service water_sanitation_service registration_service food_service "
        "cash_assistance personal_goal other_service"
    ),
    "gbvims.wants_legal_action": f"{_YES_NO} undecided",
    "mrm.armed_actor_type": (
        "national_army security_forces international_forces police_forces "
        "para-military_forces non_state_armed_group unknown other"
    ),
    "mrm.verification": ("verified unverified pending_verification falsely_attributed rejected"),
    "elapsed": "0_3_days 4_5_days 6_14_days 2_weeks_1_month over_1_month",
    "danger_sign": (
        "unconscious_or_fits heavy_bleeding breathing_difficulty severe_abdominal_pain "
        "head_injury strangulation deep_wound_fracture_burn pregnant_bleeding_or_pain fever "
        "suicidal_intent child_injured in_danger_now"
    ),
}
CODES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {name: frozenset(values.split()) for name, values in _LISTS.items()}
)
"""Code -> its values."""
OPEN: Final = frozenset(
    {
        "gbvims.date_of_incident",
        "gbvims.date_of_interview",
        "gbvims.date_of_birth",
        "gbvims.location",
        "gbvims.county",
        "gbvims.district",
        "gbvims.camp_town",
        "gbvims.ethnicity",
        "gbvims.country_of_origin",
    }
)
"""Codes whose values are dates, places or words."""


def known(code: str) -> bool:
    """Whether there is such a code."""
    return code in CODES or code in OPEN or code.startswith(OWN)


def fitting(ids: frozenset[str]) -> str:
    """The code whose list holds all of these option ids (at least two of them); empty if none."""
    coded = ids - UNCODED
    if len(coded) < 2 or coded <= {"yes", "no", "other", "unknown"}:
        return ""
    return next((name for name, values in CODES.items() if coded <= values), "")
