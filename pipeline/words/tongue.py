"""Two languages: every word and pattern that generated sentences are made of.

Here belong the tables. How a sentence is put together belongs to ``claims`` and ``zones``; nothing
in here depends on a value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipeline.model.assessment import Verdict
from pipeline.model.claim import Observable
from pipeline.model.reason import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Tongue:
    """A language.

    Attributes:
        code: ISO 639-1.
        verdicts: label of each verdict.
        observables: name of what is measured.
        sensors: name by slug; a slug that is not in it is printed as it is.
        reasons: text of each reason, with its places.
        kinds: what a time dates, by the word of the seeds.
        pattern: sentences by name, with their places.
        support: verbal scale of a likelihood ratio, from its lower end on (ENFSI 2015).
        comma: what stands between items of a list.
    """

    code: str
    verdicts: Mapping[Verdict, str]
    observables: Mapping[Observable, str]
    sensors: Mapping[str, str]
    reasons: Mapping[Reason, str]
    kinds: Mapping[str, str]
    pattern: Mapping[str, str]
    support: tuple[tuple[float, str], ...]
    comma: str = ", "


ENGLISH: Final = Tongue(
    code="en",
    verdicts={
        Verdict.CORROBORATED: "Corroborated",
        Verdict.NOT_CORROBORATED: "Not corroborated",
        Verdict.CONTRADICTED: "Contradicted",
        Verdict.NOT_OBSERVABLE: "Not observable",
    },
    observables={
        Observable.SURFACE_CHANGE: "the share of changed ground",
        Observable.BUILT_UP: "the built-up share",
        Observable.VEGETATION: "the yearly peak of greenness",
        Observable.SNOW_CLEARED: "the snow-cleared share of paved ground",
        Observable.NIGHT_LIGHT: "night light",
        Observable.SURFACE_TEMPERATURE: "the temperature of roofs",
        Observable.VEHICLES: "vehicles",
    },
    sensors={
        "sentinel-2": "Sentinel-2",
        "sentinel-1": "Sentinel-1",
        "landsat": "Landsat",
        "viirs-dnb": "VIIRS night-light",
        "dmsp-ols": "DMSP night-light",
    },
    reasons={reason: reason.value for reason in Reason},
    kinds={
        "event": "event",
        "image": "image",
        "second-image": "second image",
        "planet-changes": "changes in Planet images",
        "report": "report",
    },
    pattern={
        "verdict": "{verdict}: {reason}.",
        "between": "Between {start} and {end},",
        "measured": (
            "{between} {n_clear} clear looks of {n_scenes} by {sensor} measure {observable} in "
            "{zone} {moved} against its controls and its own other looks (95 % interval {low} to "
            "{high}; p = {p} from {n_shifts} shifted windows)."
        ),
        "up": "{amount} higher",
        "down": "{amount} lower",
        "factor": "at {amount} of its level",
        "family": "{n} windows were tested for this claim; p = {p} with all of them counted{q}.",
        "family_one": "One window was tested for this claim; p = {p}{q}.",
        "family_null": "Windows tested for this claim: {n}.",
        "q": ", false discovery rate {q} among all claims",
        "smallest": "The smallest change that would have been seen is {amount}.",
        "smallest_factor": "The smallest change that would have been seen is a factor of {amount}.",
        "ratio": (
            "The measurements are {low} times more expected under the claim than if nothing "
            "changed (over the range of expected sizes: {low} to {high}): {support}."
        ),
        "ratio_against": (
            "The measurements are {low} times more expected if nothing changed than under the "
            "claim (over the range of expected sizes: {low} to {high}): {support} against it."
        ),
        "unseen": (
            "Best seen: {n_clear} clear looks of {n_scenes} by {sensor} in {zone}, "
            "{n_needed} are needed; without them no smallest change can be stated."
        ),
        "untested": (
            "No window was tested: 0 clear looks speak to it, and no smallest change can be stated."
        ),
        "asserted_one": "Asserted time: {times}.",
        "asserted": "Sources differ on the time: {times}.",
        "time": "{days} ({kind}; {who})",
        "open": "from {start} on",
        "span": "{start} to {end}",
        "place": "The position of its zone is not established.",
        "post_hoc": "Its plan was changed after the data had been looked at (post hoc).",
        "imagery": "The claim was itself read from satellite images.",
        "other": "The leading other explanation is {what}{raised}.",
        "raised": ", raised by {who}",
        "no_other": "No other explanation was named.",
        "simulated": "SIMULATED: a rehearsal on made-up scenes, no evidence.",
        "zone_changed": (
            "Between {start} and {end}, {n_clear} clear looks by {sensor} measure {n_changes} "
            "lasting changes in {zone}; the largest covers {area} m2 (within {error} m2) and "
            "appeared between {onset_start} and {onset_end}."
        ),
        "zone_changed_one": (
            "Between {start} and {end}, {n_clear} clear looks by {sensor} measure one lasting "
            "change in {zone}; it covers {area} m2 (within {error} m2) and appeared between "
            "{onset_start} and {onset_end}."
        ),
        "zone_quiet": (
            "Between {start} and {end}, no lasting change was measured in {zone} in {n_clear} "
            "clear looks by {sensor}."
        ),
        "zone_limit": (
            "The smallest change that would have been seen there is {area} m2 with a contrast of "
            "{contrast} ({basis})."
        ),
        "zone_unseen": "{zone} is not observable: {why}.",
        "zone_share": (
            "What stands there at the end covers {share} of it ({low} to {high}, by a pixel of "
            "edge)."
        ),
        "unplaced": "its position is not established",
        "outside": "it lies outside the pixels that were read",
        "few": "{n} clear looks after the baseline, {needed} in a row are needed",
        "blind": "none of its pixels can be monitored",
        "unfound": "nothing that was planted in it was found",
        "estimated": "estimated",
        "planted": "measured by planting",
    },
    support=(
        (1e4, "very strong support"),
        (1e3, "strong support"),
        (1e2, "moderately strong support"),
        (1e1, "moderate support"),
        (0.0, "limited support"),
    ),
)

KOREAN: Final = Tongue(
    code="ko",
    verdicts={
        Verdict.CORROBORATED: "측정이 주장과 부합함",
        Verdict.NOT_CORROBORATED: "측정이 주장을 뒷받침하지 않음",
        Verdict.CONTRADICTED: "측정이 주장과 어긋남",
        Verdict.NOT_OBSERVABLE: "관측 불가",
    },
    observables={
        Observable.SURFACE_CHANGE: "지표가 변한 면적의 비율",
        Observable.BUILT_UP: "건물·포장 면적의 비율",
        Observable.VEGETATION: "연중 최대 식생 지수",
        Observable.SNOW_CLEARED: "포장면 가운데 눈이 치워진 비율",
        Observable.NIGHT_LIGHT: "야간 불빛",
        Observable.SURFACE_TEMPERATURE: "지붕 표면 온도",
        Observable.VEHICLES: "차량",
    },
    sensors={
        "sentinel-2": "센티넬-2",
        "sentinel-1": "센티넬-1",
        "landsat": "랜드샛",
        "viirs-dnb": "VIIRS 야간 영상",
        "dmsp-ols": "DMSP 야간 영상",
    },
    reasons={
        Reason.NOTHING_TO_SEE: "위성으로 볼 수 있는 것을 예측하지 않는 주장이다",
        Reason.TOO_FINE: "예측 대상이 공개 위성의 화소보다 작다",
        Reason.NO_PLACE: "주장에 나오는 구역의 위치가 이 대상지에서 정해져 있지 않다",
        Reason.NOT_MEASURED: "필요한 자료({needed})가 측정되지 않았다",
        Reason.SILENT_LINE: "이 장소에서는 측정값을 얻을 수 없다({why})",
        Reason.NO_ACQUISITION: "해당 기간에 촬영된 영상이 없다",
        Reason.FEW_LOOKS: "해당 기간에 필요한 맑은 관측 {n_needed}회 가운데 {n_clear}회뿐이다",
        Reason.FEW_OTHERS: "그 밖의 기간에 필요한 맑은 관측 {n_needed}회 중 {n_clear}회뿐이다",
        Reason.FEW_REFERENCE: "비교에 필요한 맑은 관측 {n_needed}회 가운데 {n_clear}회뿐이다",
        Reason.FEW_SHIFTS: "견주어 볼 다른 기간 {n_needed}개 가운데 {n_shifts}개뿐이다",
        Reason.NOTHING_THERE: "예측된 것을 그곳에서 잰 측정값이 없다",
        Reason.TOO_SMALL: "예측된 변화가 그 장소의 평소 변동보다 작다",
        Reason.WITHHELD: "이미 알려진 변화({controls})를 이 방법이 찾아내지 못하여 판정을 보류한다",
        Reason.UNDECIDED: "측정값은 주장을 뒷받침하지도 반박하지도 않는다",
        Reason.AS_PREDICTED: (
            "다른 기간, 대조 구역, 우연으로 설명되는 범위를 넘어 예측된 방향의 변화가 측정되었다"
        ),
        Reason.ABSENT: "예측된 크기의 변화였다면 보였을 것이나 측정되지 않았다",
        Reason.NULL_AS_PREDICTED: (
            "해당 크기의 변화였다면 보였을 것이나 측정되지 않았다. 이는 주장이 예측하는 바이지만 "
            "그 반대 경우에도 나타날 수 있는 결과이다"
        ),
        Reason.PRESENT_UNPREDICTED: "변화가 없다고 예측된 곳에서 변화가 측정되었다",
        Reason.SHARED: "변화가 측정되었으나 대조 구역에서도 같은 정도로 움직였다",
        Reason.NO_SIZE: "변화가 측정되었으나 견주어 볼 예측 크기가 주장에 없다",
        Reason.WEAK: "변화가 측정되었으나 주장의 우도가 변화가 없을 때의 열 배에 못 미친다",
        Reason.MANY_CLAIMS: "변화가 측정되었으나 검정한 주장의 수로 설명될 수 있다",
        Reason.RIVAL: "예측된 변화가 측정되었으나 다른 설명({rival})도 같은 모습을 보인다",
        Reason.OTHER_NOISE: "다른 잡음 모형으로는 첫 번째 측정 결과가 뒷받침되지 않는다",
    },
    kinds={
        "event": "사건",
        "image": "촬영",
        "second-image": "두 번째 촬영",
        "planet-changes": "플래닛 영상의 변화",
        "report": "보도",
    },
    pattern={
        "verdict": "{verdict}: {reason}.",
        "between": "{start}부터 {end}까지",
        "measured": (
            "{between} {zone} 구역에 대한 {sensor} 관측 {n_scenes}회 중 맑은 관측 {n_clear}회에서 "
            "{observable}의 측정값은 대조 구역 및 그 장소의 다른 시기와 비교하여 {moved} "
            "(95 % 신뢰구간 {low} ~ {high}, p = {p}, 이동 창 {n_shifts}개)."
        ),
        "up": "{amount} 높다",
        "down": "{amount} 낮다",
        "factor": "평소의 {amount} 수준이다",
        "family": "이 주장에 대해 창 {n}개를 검정하였고, 모두를 고려한 p = {p}이다{q}.",
        "family_one": "이 주장에 대해 창 1개를 검정하였다. p = {p}이다{q}.",
        "family_null": "이 주장에 대해 검정한 창: {n}개.",
        "q": " (모든 주장 가운데 거짓 발견율 {q})",
        "smallest": "볼 수 있었을 가장 작은 변화는 {amount}이다.",
        "smallest_factor": "볼 수 있었을 가장 작은 변화는 {amount}배의 변화이다.",
        "ratio": (
            "이 측정값은 변화가 없을 때보다 주장이 맞을 때 {low}배 더 기대된다(예상 크기의 범위에 "
            "따라 {low} ~ {high}): {support}."
        ),
        "ratio_against": (
            "이 측정값은 주장이 맞을 때보다 변화가 없을 때 {low}배 더 기대된다(예상 크기의 범위에 "
            "따라 {low} ~ {high}): 주장에 반하는 {support}."
        ),
        "unseen": (
            "가장 잘 보인 경우: {zone} 구역에 대한 {sensor} 관측 {n_scenes}회 중 맑은 관측 "
            "{n_clear}회(필요 {n_needed}회). 따라서 볼 수 있었을 가장 작은 변화를 제시할 수 없다."
        ),
        "untested": (
            "검정한 창이 없다. 이 주장에 답할 맑은 관측은 0회이며, 볼 수 있었을 가장 작은 변화를 "
            "제시할 수 없다."
        ),
        "asserted_one": "주장된 시점: {times}.",
        "asserted": "시점에 대한 출처들의 말이 서로 다르다: {times}.",
        "time": "{days} ({kind}; {who})",
        "open": "{start} 이후",
        "span": "{start} ~ {end}",
        "place": "해당 구역의 위치는 확정되지 않았다.",
        "post_hoc": "자료를 본 뒤에 검정 계획이 바뀌었다(사후 계획).",
        "imagery": "이 주장 자체가 위성 영상에서 나온 것이다.",
        "other": "가장 유력한 다른 설명은 {what}이다{raised}.",
        "raised": " (제기한 쪽: {who})",
        "no_other": "제시된 다른 설명은 없다.",
        "simulated": "모의 자료: 만들어 낸 영상으로 한 연습이며 증거가 아니다.",
        "zone_changed": (
            "{start}부터 {end}까지 {sensor}의 맑은 관측 {n_clear}회에서 {zone} 구역에 지속된 변화 "
            "{n_changes}건이 측정되었다. 가장 큰 것은 {area} m2(오차 {error} m2)이며 "
            "{onset_start}와 {onset_end} 사이에 나타났다."
        ),
        "zone_changed_one": (
            "{start}부터 {end}까지 {sensor}의 맑은 관측 {n_clear}회에서 {zone} 구역에 지속된 변화 "
            "1건이 측정되었다. 면적은 {area} m2(오차 {error} m2)이며 {onset_start}와 {onset_end} "
            "사이에 나타났다."
        ),
        "zone_quiet": (
            "{start}부터 {end}까지 {sensor}의 맑은 관측 {n_clear}회에서 {zone} 구역의 지속된 "
            "변화는 측정되지 않았다."
        ),
        "zone_limit": (
            "그곳에서 볼 수 있었을 가장 작은 변화는 {area} m2, 대비 {contrast}이다({basis})."
        ),
        "zone_unseen": "{zone} 구역은 관측할 수 없다: {why}.",
        "zone_share": (
            "마지막에 남아 있는 변화는 그 면적의 {share}를 차지한다(가장자리 한 화소의 오차로 "
            "{low} ~ {high})."
        ),
        "unplaced": "위치가 확정되지 않았다",
        "outside": "읽은 화소 밖에 있다",
        "few": "기준 기간 이후의 맑은 관측 {n}회, 연속 {needed}회가 필요하다",
        "blind": "감시할 수 있는 화소가 없다",
        "unfound": "심어 본 변화를 하나도 찾지 못했다",
        "estimated": "추정값",
        "planted": "변화를 심어 잰 값",
    },
    support=(
        (1e4, "매우 강한 뒷받침"),
        (1e3, "강한 뒷받침"),
        (1e2, "다소 강한 뒷받침"),
        (1e1, "중간 정도의 뒷받침"),
        (0.0, "제한된 뒷받침"),
    ),
)

TONGUES: Final = (ENGLISH, KOREAN)
