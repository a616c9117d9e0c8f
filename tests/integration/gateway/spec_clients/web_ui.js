// The specification's own example of a web UI, as it stands there, behind the one function that it leaves to the reader.
// Its comments are the specification's too.
const markers = {};
let onMarker = null;

function updateMapMarker(primPath, latitude, longitude) {
    markers[primPath] = [latitude, longitude];
    if (onMarker) onMarker(primPath, latitude, longitude);
}

// ---- from here on: the specification

const ws = new WebSocket('ws://localhost:8000/ws');

ws.onopen = function() {
    // 클라이언트 등록
    ws.send(JSON.stringify({
        type: 'client_register',
        client_type: 'web_ui'
    }));
};

ws.onmessage = function(event) {
    const data = JSON.parse(event.data);
    
    if (data.type === 'coordinate_update') {
        // 지도에 마커 업데이트
        updateMapMarker(data.prim_path, data.latitude, data.longitude);
    }
};

// 객체 선택 요청
function selectObject(primPath) {
    ws.send(JSON.stringify({
        type: 'select_object',
        prim_path: primPath
    }));
}
